using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class MtlsPolicyKind
{
    private static readonly StringType mode = new() { Values = ["Strict", "Permissive"], NotYet = ["Disable"] };

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "MtlsPolicy",
        Plural = "mtlspolicies",
        ShortNames = ["mtls"],
        Doc = "Whether workloads take plaintext from outside the mesh. Without any policy: Strict.",
        Spec = new ObjectType(
            PolicyTypes.TargetRefs("Service", "Workload", "Namespace"),
            PolicyTypes.Selector,
            Optional("mode", mode, "Strict: only mTLS. Permissive: plaintext too.", "\"Strict\""),
            Optional("ports", MapOf(new ObjectType(Needed("mode", mode, "Mode of this port.")), TextFormats.PortNumberText), "Ports of the workload whose mode differs."))
        {
            Check = PolicyTypes.NotBoth,
        },
        Status = PolicyTypes.Status,
        Check = PolicyTypes.OwnNamespace,
        Columns = [new Column("Mode", "Mode.", resource => resource.Spec?["mode"]?.ToString() ?? "")],
    };
}
