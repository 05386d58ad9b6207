using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class WorkloadKind
{
    private const int maxWeight = 1000; // a share relative to other workloads; finer steps than a thousandth are not measurable

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "Workload",
        Plural = "workloads",
        ShortNames = ["wl"],
        Doc = "One instance of a program: a pod, a network namespace, a unit of systemd, or a process outside the mesh.",
        Spec = new ObjectType(
            Needed("addresses", ListOf(Text(TextFormats.Address), max: 8, min: 1), "Addresses at which the workload is reached."),
            Optional("node", Text(TextFormats.DnsSubdomain, 253), "Node on which it runs; absent: a machine without meshd."),
            Optional("serviceAccount", Text(TextFormats.DnsSubdomain, 253), "Account that its identity names: spiffe://<trust domain>/ns/<namespace>/sa/<account>.", "\"default\""),
            Optional("ports", MapOf(Port, TextFormats.PortName), "Port numbers by name, for named target ports of Services."),
            Optional("locality", NodeKind.Locality, "Where it runs; absent: as its node."),
            Optional("weight", Integer(0, maxWeight), "Share of the traffic relative to its siblings; 0 takes none.", "1"),
            Optional("tunnel", OneOf("HBONE", "Direct", "None"), "How other nodes reach it: HBONE, our direct tunnel, or None for plain TCP to a process outside the mesh.", "\"HBONE\""),
            Optional("tunnelPort", Port, "Port of the tunnel.", "15008")),
        Status = new ObjectType(
            Optional("conditions", StatusTypes.ConditionList, "What the controller found about this workload."),
            Optional("health", OneOf("Healthy", "Unhealthy", "Unknown"), "Result of health checks."),
            Optional("redirectVerified", Flag, "Whether its node has proved that traffic passes through the mesh."),
            Optional("certificateExpiry", Text(), "When the certificate in use ends.")),
        Columns =
        [
            new Column("Addresses", "Addresses.", resource => resource.Spec?["addresses"] is JsonArray list ? string.Join(",", list.Select(item => item?.ToString())) : ""),
            new Column("Node", "Node on which it runs.", resource => resource.Spec?["node"]?.ToString() ?? ""),
            new Column("Account", "Service account.", resource => resource.Spec?["serviceAccount"]?.ToString() ?? ""),
            new Column("Tunnel", "How other nodes reach it.", resource => resource.Spec?["tunnel"]?.ToString() ?? ""),
            new Column("Verified", "Redirection proved.", resource => resource.Status?["redirectVerified"]?.ToString() ?? ""),
        ],
    };
}
