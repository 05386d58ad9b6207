using Mesh.Resources.Schema;

namespace Mesh.Resources.Kinds;

internal static class NamespaceKind
{
    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Core,
        Versions = ["v1"],
        Kind = "Namespace",
        Plural = "namespaces",
        ShortNames = ["ns"],
        Namespaced = false,
        NameFormat = TextFormats.DnsLabel,
        SpecRequired = false,
        Doc = "A scope for names, service accounts and policies.",
        Spec = new ObjectType(Types.Optional("finalizers", Types.ListOf(Types.OneOf("kubernetes")), "Accepted from clients of Kubernetes; has no effect.")),
        Status = new ObjectType(Types.Optional("phase", Types.OneOf("Active", "Terminating"), "Always Active.")),
        Columns = [new Column("Status", "Phase of the namespace.", resource => resource.Status?["phase"]?.ToString() ?? "Active")],
    };
}
