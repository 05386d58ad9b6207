using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class NodeKind
{
    public static readonly ObjectType Locality = new(
        Optional("region", Text(TextFormats.LabelValue, 63), "Region."),
        Optional("zone", Text(TextFormats.LabelValue, 63), "Zone within the region."),
        Optional("subzone", Text(TextFormats.LabelValue, 63), "Part of the zone."));

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "Node",
        Plural = "nodes",
        ShortNames = ["no"],
        Namespaced = false,
        SpecRequired = false,
        Doc = "A machine that runs meshd. Made when the machine joins.",
        Spec = new ObjectType(
            Optional("addresses", ListOf(Text(TextFormats.Address), max: 32), "Addresses of the machine."),
            Optional("locality", Locality, "Where the machine stands; workloads without a locality inherit it.")),
        Status = new ObjectType(
            Optional("conditions", StatusTypes.ConditionList, "What the controller found about this node."),
            Optional("connected", Flag, "Whether the machine holds a configuration stream now."),
            Optional("version", Text(), "Version of meshd."),
            Optional("configVersion", Text(), "Configuration that the machine has taken last."),
            Optional("workloads", Integer(0, long.MaxValue), "Enrolled workloads.")),
        Columns =
        [
            new Column("Addresses", "Addresses.", resource => resource.Spec?["addresses"] is JsonArray list ? string.Join(",", list.Select(item => item?.ToString())) : ""),
            new Column("Connected", "Holds a configuration stream.", resource => resource.Status?["connected"]?.ToString() ?? "false"),
            new Column("Workloads", "Enrolled workloads.", resource => resource.Status?["workloads"]?.ToString() ?? "0"),
            new Column("Version", "Version of meshd.", resource => resource.Status?["version"]?.ToString() ?? ""),
            new Column("Config", "Configuration taken last.", resource => resource.Status?["configVersion"]?.ToString() ?? "", Wide: true),
        ],
    };
}
