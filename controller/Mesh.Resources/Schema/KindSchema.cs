namespace Mesh.Resources.Schema;

/// <summary>One kind of resource: its names in the API, its fields, and how lists of it are shown to people.</summary>
public sealed class KindSchema
{
    private ObjectType? document;

    /// <summary>API group; empty for the core group.</summary>
    public required string Group { get; init; }

    /// <summary>Versions served, stored one first. All have the same fields.</summary>
    public required IReadOnlyList<string> Versions { get; init; }

    public required string Kind { get; init; }

    public required string Plural { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public bool Namespaced { get; init; } = true;

    public required string Doc { get; init; }

    /// <summary>Columns of a table after NAME and before AGE.</summary>
    public IReadOnlyList<Column> Columns { get; init; } = [];

    internal ObjectType? Spec { get; init; }

    internal ObjectType Status { get; init; } = StatusTypes.Conditions;

    internal TextFormat NameFormat { get; init; } = TextFormats.DnsSubdomain;

    /// <summary>Rules over metadata and spec together.</summary>
    internal Action<ObjectCheck>? Check { get; init; }

    internal bool SpecRequired { get; init; } = true;

    public string Singular => Kind.ToLowerInvariant();

    public string ApiVersion => VersionOf(Versions[0]);

    /// <summary>apiVersion, kind, metadata, spec, status.</summary>
    internal ObjectType Document => document ??= BuildDocument();

    public string VersionOf(string version) => Group.Length == 0 ? version : Group + "/" + version;

    /// <summary>Plural, singular or short name, as people type them.</summary>
    public bool Answers(string name) => name == Plural || name == Singular || ShortNames.Contains(name) || name == $"{Plural}.{Group}";

    private ObjectType BuildDocument()
    {
        List<Field> fields =
        [
            Types.Needed("apiVersion", Types.Text(), "Group and version of the kind."),
            Types.Needed("kind", Types.Text(), "Name of the kind."),
            Types.Needed("metadata", MetadataTypes.For(this), "Name, namespace, labels and bookkeeping."),
            Types.Optional("status", Status, "What the mesh found; written by the controller."),
        ];
        if (Spec is not null)
            fields.Add(SpecRequired ? Types.Needed("spec", Spec, "What is asked for.") : Types.Optional("spec", Spec, "What is asked for.", "{}"));

        return new ObjectType(fields) { Check = Check };
    }
}
