using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class TcpRouteKind
{
    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1alpha2", "v1"],
        Kind = "TCPRoute",
        Plural = "tcproutes",
        Doc = "Where connections to a port of a Service or a Gateway go.",
        Spec = new ObjectType(
            Optional("parentRefs", RouteTypes.ParentRefs, "Services (inside the mesh) or Gateways whose connections the route takes."),
            RouteTypes.OneRule("Exactly one rule: nothing tells connections apart."),
            NotYet("useDefaultGateways", "Attachment to default gateways.")),
        Status = RouteTypes.ParentStatus,
        Columns = [.. RouteTypes.Columns.Skip(1)],
    };
}
