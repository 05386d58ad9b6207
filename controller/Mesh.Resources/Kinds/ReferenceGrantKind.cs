using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class ReferenceGrantKind
{
    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1beta1", "v1"],
        Kind = "ReferenceGrant",
        Plural = "referencegrants",
        ShortNames = ["refgrant"],
        Doc = "Lets routes of other namespaces send traffic to Services of this one.",
        Spec = new ObjectType(
            Needed("from", ListOf(new ObjectType(
                Needed("group", OneOf(Groups.Gateway), "Group of the referring kind."),
                Needed("kind", new StringType { Values = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"], NotYet = ["UDPRoute", "Gateway"] }, "Kind that refers."),
                Needed("namespace", Text(TextFormats.DnsLabel, 63), "Namespace that refers.")), max: 16, min: 1), "Who may refer."),
            Needed("to", ListOf(new ObjectType(
                Needed("group", OneOf(""), "Group of the target."),
                Needed("kind", new StringType { Values = ["Service"], NotYet = ["Secret", "ConfigMap"] }, "Kind of the target."),
                Optional("name", Text(TextFormats.DnsSubdomain, 253), "One target; absent: all of the kind.")), max: 16, min: 1), "What they may refer to.")),
    };
}
