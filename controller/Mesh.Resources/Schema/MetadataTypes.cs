namespace Mesh.Resources.Schema;

internal static class MetadataTypes
{
    private const int maxAnnotationLengthBytes = 256 * 1024; // the limit of Kubernetes for all annotations; last-applied documents live here

    public static ObjectType For(KindSchema kind) => new(
        Types.Optional("name", Types.Text(kind.NameFormat, 253), "Unique within the namespace and kind."),
        Types.Optional("generateName", Types.Text(null, 248), "Prefix from which the server makes a unique name."),
        kind.Namespaced
            ? Types.Optional("namespace", Types.Text(TextFormats.DnsLabel, 63), "Namespace of the resource.", "\"default\"")
            : new Field("namespace", Types.Any, "Not used: this kind belongs to no namespace.") { NotYet = "must be absent: this kind belongs to no namespace" },
        Types.Optional("labels", Types.Labels, "Key and value pairs that selectors match."),
        Types.Optional("annotations", Types.MapOf(Types.Text(null, maxAnnotationLengthBytes), TextFormats.LabelKey), "Key and value pairs without meaning for selection."),
        Types.Optional("uid", Types.Text(), "Identity of this resource over its life; set by the server."),
        Types.Optional("resourceVersion", Types.Text(), "Version of the store at the last change; send it back to detect concurrent changes."),
        Types.Optional("generation", Types.Integer(0, long.MaxValue), "Counts changes of spec; set by the server."),
        Types.Optional("creationTimestamp", Types.Text(), "Set by the server."),
        Types.Optional("managedFields", Types.Any, "Which manager set which field; set by the server."),
        Types.Optional("selfLink", Types.Text(), "Unused, accepted from older clients."),
        new Field("finalizers", Types.Any, "Names that hold back deletion.") { NotYet = "are not supported yet; remove them" },
        new Field("ownerReferences", Types.Any, "Resources whose deletion deletes this one.") { NotYet = "are not supported yet; remove them" })
    {
        Check = check =>
        {
            if (string.IsNullOrEmpty(check.Text("name")) && string.IsNullOrEmpty(check.Text("generateName")))
                check.Required("name", "must be given");
        },
    };
}
