using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Resources;

namespace Mesh.Controller.Graph;

/// <summary>Brings status fields into a resource: conditions merge by type and remember since when they hold, other fields replace.</summary>
internal static class StatusMerge
{
    /// <returns>The resource with the new status; the same object when nothing changed.</returns>
    public static Resource Apply(Resource resource, JsonObject status, DateTimeOffset now)
    {
        if (status.All(field => IsPlain(field) && JsonNode.DeepEquals(resource.Status?[field.Key], field.Value)))
            return resource; // the most frequent case by far, and a copy of 10,000 documents takes long

        var document = resource.Copy();
        var target = document["status"] as JsonObject ?? [];
        var since = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        foreach (var (name, value) in status)
        {
            target[name] = (name, value) switch
            {
                ("conditions", JsonArray conditions) => Conditions(target[name] as JsonArray ?? [], conditions, since),
                ("parents", JsonArray parents) => Parents(target[name] as JsonArray ?? [], parents, since),
                _ => value?.DeepClone(),
            };
        }

        if (JsonNode.DeepEquals(target, resource.Status ?? []))
            return resource;

        document["status"] = target.Parent is null ? target : target.DeepClone();
        return new Resource(resource.Kind, document);
    }

    private static bool IsPlain(KeyValuePair<string, JsonNode?> field) => field.Key is not ("conditions" or "parents");

    private static JsonArray Conditions(JsonArray before, JsonArray wanted, string since)
    {
        var result = new JsonArray();
        foreach (var condition in wanted.OfType<JsonObject>())
        {
            var known = Find(before, condition);
            var merged = condition.DeepClone().AsObject();
            merged["lastTransitionTime"] = known?["status"]?.ToString() == condition["status"]?.ToString() ? known?["lastTransitionTime"]?.DeepClone() ?? since : since;
            result.Add(merged);
        }

        foreach (var other in before.OfType<JsonObject>().Where(condition => Find(wanted, condition) is null))
            result.Add(other.DeepClone());

        return result;
    }

    private static JsonObject? Find(JsonArray conditions, JsonObject like) =>
        conditions.OfType<JsonObject>().FirstOrDefault(condition => condition["type"]?.ToString() == like["type"]?.ToString());

    private static JsonArray Parents(JsonArray before, JsonArray wanted, string since) => [.. wanted.OfType<JsonObject>().Select(parent =>
    {
        var known = before.OfType<JsonObject>().FirstOrDefault(candidate => JsonNode.DeepEquals(candidate["parentRef"], parent["parentRef"]));
        var merged = parent.DeepClone().AsObject();
        merged["conditions"] = Conditions(known?["conditions"] as JsonArray ?? [], parent["conditions"]!.AsArray(), since);
        return merged;
    })];
}
