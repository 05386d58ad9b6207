using System.Text.Json.Nodes;

namespace Mesh.Resources.Schema;

/// <summary>What a field may hold. Validation, defaulting, merging and the OpenAPI document all read these records.</summary>
internal abstract record FieldType;

internal sealed record StringType : FieldType
{
    public TextFormat? Format { get; init; }

    /// <summary>Closed set of values; null means open.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Values of the standard that we know and cannot enforce yet: rejected with that reason instead of "unknown".</summary>
    public IReadOnlyList<string> NotYet { get; init; } = [];

    public int MinLength { get; init; }

    /// <summary>256 is far beyond every name, host and path segment in use and keeps a resource small.</summary>
    public int MaxLength { get; init; } = 256;
}

internal sealed record IntegerType(long Min, long Max) : FieldType;

/// <summary>A number with decimals, such as a percentage.</summary>
internal sealed record NumberType(double Min, double Max) : FieldType;

internal sealed record BooleanType : FieldType;

/// <summary>A port by number or by name, as Service.targetPort and targetRefs.sectionName take it.</summary>
internal sealed record PortOrNameType : FieldType;

/// <summary>Anything, kept as given: bookkeeping of clients that has no effect here.</summary>
internal sealed record AnyType : FieldType;

internal sealed record ListType(FieldType Item) : FieldType
{
    public int MinItems { get; init; }

    public int MaxItems { get; init; } = 64;

    /// <summary>Fields that identify an item (no two may agree in all of them); patches merge items with equal keys. Empty: the list is atomic.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
}

internal sealed record MapType(FieldType Value) : FieldType
{
    public TextFormat? KeyFormat { get; init; }

    public int MaxItems { get; init; } = 256;
}

/// <param name="Fields">Every field there is; anything else is an error.</param>
internal sealed record ObjectType(params IReadOnlyList<Field> Fields) : FieldType
{
    /// <summary>Rules over several fields. Runs after defaulting, also when single fields were wrong, so it must tolerate any type.</summary>
    public Action<ObjectCheck>? Check { get; init; }

    public Field? Find(string name) => Fields.FirstOrDefault(field => field.Name == name);
}

/// <param name="Doc">The user documentation of the field: `kubectl explain` and the reference page show it.</param>
internal sealed record Field(string Name, FieldType Type, string Doc)
{
    public bool Required { get; init; }

    /// <summary>JSON text; null: no default.</summary>
    public string? Default { get; init; }

    /// <summary>Set when the standard has this field and we cannot enforce it yet: giving it is an error with this reason.</summary>
    public string? NotYet { get; init; }

    public JsonNode? DefaultNode() => Default is null ? null : JsonNode.Parse(Default);
}
