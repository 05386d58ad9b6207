namespace Mesh.Protocol.Grpc;

/// <summary>Header fields of a call in order: names in lower case, values printable ASCII.</summary>
public sealed class GrpcMetadata
{
    private readonly List<(string Name, string Value)> fields = [];

    public IReadOnlyList<(string Name, string Value)> Fields => fields;

    public GrpcMetadata Add(string name, string value)
    {
        fields.Add((name.ToLowerInvariant(), value));
        return this;
    }

    /// <summary>The first value of that name, null if there is none.</summary>
    public string? Get(string name)
    {
        foreach (var field in fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return field.Value;
        }
        return null;
    }
}
