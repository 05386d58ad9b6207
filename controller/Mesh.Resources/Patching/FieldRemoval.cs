using System.Text.Json.Nodes;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Patching;

/// <summary>Takes fields away that their manager has stopped giving.</summary>
internal static class FieldRemoval
{
    /// <summary>Removes from <paramref name="live"/> what is in <paramref name="before"/>, not in <paramref name="after"/>, and in none of the others.</summary>
    public static void Remove(FieldType? type, JsonNode live, JsonObject before, JsonObject after, IReadOnlyList<JsonObject> others)
    {
        foreach (var (step, below) in before.ToList())
        {
            if (step == "." || Find(type, live, step) is not { } place)
                continue;

            var otherBelow = others.Select(other => other[step] as JsonObject).OfType<JsonObject>().ToList();
            if (after[step] is JsonObject kept)
                Remove(place.Type, place.Value, below!.AsObject(), kept, otherBelow);
            else if (otherBelow.Count == 0)
                place.Delete();
            else
                Remove(place.Type, place.Value, below!.AsObject(), [], otherBelow);
        }
    }

    private static Place? Find(FieldType? type, JsonNode live, string step)
    {
        if (live is JsonObject fields && step.StartsWith("f:", StringComparison.Ordinal))
        {
            var name = step[2..];
            return fields[name] is { } value ? new Place(FieldSets.TypeOf(type, name), value, () => fields.Remove(name)) : null;
        }

        if (live is not JsonArray items || type is not ListType list)
            return null;

        var item = items.OfType<JsonObject>().FirstOrDefault(candidate => FieldSets.KeyOf(list, candidate) == step);
        return item is null ? null : new Place(list.Item, item, () => items.Remove(item));
    }

    private sealed record Place(FieldType? Type, JsonNode Value, Action Delete);
}
