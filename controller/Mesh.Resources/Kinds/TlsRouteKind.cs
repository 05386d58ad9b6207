using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class TlsRouteKind
{
    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1alpha2", "v1alpha3", "v1"],
        Kind = "TLSRoute",
        Plural = "tlsroutes",
        Doc = "Where TLS connections to a Service or a Gateway go, by the server name that the client asks for. Nothing is decrypted.",
        Spec = new ObjectType(
            Optional("parentRefs", RouteTypes.ParentRefs, "Services (inside the mesh) or Gateways with a listener of protocol TLS, mode Passthrough, whose connections the route takes."),
            Optional("hostnames", ListOf(Text(TextFormats.Hostname, 253), max: 16), "Only connections that ask for these names; absent: every name of the parent, and connections that ask for none."),
            RouteTypes.OneRule("Exactly one rule: the name has told connections apart already."),
            NotYet("useDefaultGateways", "Attachment to default gateways.")),
        Status = RouteTypes.ParentStatus,
        Columns = RouteTypes.Columns,
    };
}
