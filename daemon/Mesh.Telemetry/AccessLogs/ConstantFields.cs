namespace Mesh.Telemetry.AccessLogs;

/// <summary>Fields that have the same values in many records: their bytes are made once a format and copied from then on.</summary>
public sealed class ConstantFields(params (string Name, string Value)[] fields)
{
    private readonly byte[]?[] encoded = new byte[AccessFormat.Count][];

    /// <summary>Empty if there is no such field.</summary>
    public string this[string name]
    {
        get
        {
            foreach (var field in fields)
            {
                if (field.Name == name) return field.Value;
            }
            return "";
        }
    }

    /// <summary>Called by the writing thread; harmless if two threads make the same bytes.</summary>
    internal ReadOnlySpan<byte> EncodedBy(AccessFormat format) => encoded[format.Index] ??= Encode(format);

    private byte[] Encode(AccessFormat format)
    {
        var batch = new ByteBatch();
        foreach (var (name, value) in fields)
        {
            if (value.Length > 0) format.Text(new AccessField(name), System.Text.Encoding.UTF8.GetBytes(value), batch);
        }
        return batch.Written.ToArray();
    }
}
