using System.Text.Json.Nodes;
using Mesh.Ctl.Output;

namespace Mesh.Ctl.Commands;

/// <summary>One resource for people: its conditions first, then spec and status.</summary>
internal static class DescribeCommand
{
    public static async Task<int> RunAsync(Session session, string kind, string name, string space)
    {
        var type = await session.TypeAsync(kind);
        var resource = await session.Client.GetAsync(type.Path(space, name));
        var metadata = resource["metadata"] as JsonObject ?? [];
        session.Output.WriteLine($"Kind:       {resource["kind"]} ({resource["apiVersion"]})");
        session.Output.WriteLine($"Name:       {(type.Namespaced ? metadata["namespace"] + "/" : "")}{metadata["name"]}");
        session.Output.WriteLine($"Labels:     {Pairs(metadata["labels"])}");
        session.Output.WriteLine($"Created:    {metadata["creationTimestamp"]}, generation {metadata["generation"]}, version {metadata["resourceVersion"]}");
        PrintConditions(session, resource["status"]);
        foreach (var part in new[] { "spec", "status" })
        {
            if (resource[part] is not JsonObject { Count: > 0 } content)
                continue;

            session.Output.WriteLine();
            YamlOutput.Print(session.Output, new JsonObject { [part] = content.DeepClone() });
        }

        return ExitCodes.Fine;
    }

    private static string Pairs(JsonNode? labels) =>
        labels is JsonObject { Count: > 0 } pairs ? string.Join(", ", pairs.Select(pair => $"{pair.Key}={pair.Value}")) : "none";

    private static void PrintConditions(Session session, JsonNode? status)
    {
        var conditions = (status?["conditions"] as JsonArray ?? [])
            .Concat((status?["parents"] as JsonArray ?? []).SelectMany(parent => parent?["conditions"] as JsonArray ?? [])).OfType<JsonObject>().ToList();
        if (conditions.Count == 0)
            return;

        session.Output.WriteLine();
        Columns.Print(session.Output, [["CONDITION", "STATUS", "REASON", "MESSAGE"], .. conditions.Select(Row)]);
    }

    private static IReadOnlyList<string> Row(JsonObject condition) =>
        [.. new[] { "type", "status", "reason", "message" }.Select(name => condition[name]?.ToString() ?? "")];
}
