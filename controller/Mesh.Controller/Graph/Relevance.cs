using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Store;

namespace Mesh.Controller.Graph;

/// <summary>Which changes can alter what nodes get. Every push makes nodes report their status; those reports must not cause another round.</summary>
internal static class Relevance
{
    public static bool AffectsGraph(StoreEvent happened)
    {
        if (happened.Previous is not { } before || happened.Type == StoreEventType.Deleted)
            return true;

        var after = happened.Resource;
        return !JsonNode.DeepEquals(before.Spec, after.Spec)
            || !Same(before.Labels, after.Labels)
            || !Same(before.Annotations, after.Annotations)
            || !JsonNode.DeepEquals(StatusThatMatters(before), StatusThatMatters(after));
    }

    private static JsonNode? StatusThatMatters(Resource resource) => resource.Key.Kind switch
    {
        "Workload" => resource.Status?["health"],
        "Service" => resource.Status?["virtualAddresses"],
        _ => null,
    };

    private static bool Same(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(entry => right.TryGetValue(entry.Key, out var value) && value == entry.Value);
}
