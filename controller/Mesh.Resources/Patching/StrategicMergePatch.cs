using System.Text.Json.Nodes;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Patching;

/// <summary>
/// Strategic merge patch, which kubectl sends for kinds that it knows by itself (Service, Namespace): a merge patch in which keyed lists merge
/// by key, with the directives $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList.
/// </summary>
public static class StrategicMergePatch
{
    private const string directive = "$patch";
    private const string deleteFromList = "$deleteFromPrimitiveList/";

    /// <exception cref="PatchException">An unknown directive or a keyed item without its key.</exception>
    public static JsonObject Apply(KindSchema kind, JsonObject target, JsonNode? patch) =>
        patch is JsonObject changes ? MergeObject(kind.Document, target, changes) : throw new PatchException("the patch must be an object");

    private static JsonNode? Merge(FieldType? type, JsonNode? target, JsonNode value) => (type, value) switch
    {
        (ListType { Keys.Count: > 0 } list, JsonArray items) => MergeList(list, target as JsonArray ?? [], items),
        (_, JsonObject changes) => MergeObject(type, target as JsonObject ?? [], changes),
        _ => value.DeepClone(),
    };

    private static JsonObject MergeObject(FieldType? type, JsonObject target, JsonObject changes)
    {
        switch (changes[directive]?.ToString())
        {
            case null or "merge":
                break;
            case "replace":
                return Without(changes, directive);
            case "delete":
                return [];
            case var unknown:
                throw new PatchException($"{directive}: {unknown} is not known");
        }

        var result = target.DeepClone().AsObject();
        foreach (var (name, value) in changes)
        {
            if (name.StartsWith('$'))
                ApplyDirective(result, name, value);
            else if (value is null)
                result.Remove(name);
            else
                result[name] = Merge(TypeOf(type, name), result[name], value);
        }

        return result;
    }

    private static void ApplyDirective(JsonObject result, string name, JsonNode? value)
    {
        if (name == directive || name.StartsWith("$setElementOrder/", StringComparison.Ordinal))
            return; // the order of our keyed lists has no meaning

        if (name == "$retainKeys" && value is JsonArray kept)
        {
            var names = kept.Select(key => key?.ToString()).ToHashSet();
            foreach (var field in result.Select(field => field.Key).Where(field => !names.Contains(field)).ToList())
                result.Remove(field);
        }
        else if (name.StartsWith(deleteFromList, StringComparison.Ordinal) && value is JsonArray removed)
        {
            if (result[name[deleteFromList.Length..]] is JsonArray items)
                items.RemoveAll(item => removed.Any(gone => JsonNode.DeepEquals(gone, item)));
        }
        else
        {
            throw new PatchException($"directive {name} is not known");
        }
    }

    private static JsonArray MergeList(ListType list, JsonArray target, JsonArray changes)
    {
        if (changes.OfType<JsonObject>().Any(item => item.Count == 1 && item[directive]?.ToString() == "replace"))
            return [.. changes.Where(item => item?[directive] is null).Select(item => item?.DeepClone())];

        var result = target.DeepClone().AsArray();
        var keys = list.Keys.Take(1).ToList(); // the standard merges by the first key alone, e.g. port without protocol
        foreach (var change in changes)
        {
            if (change is not JsonObject fields || keys.Any(key => fields[key] is null))
                throw new PatchException($"an item of the list lacks its key {string.Join(", ", keys)}");

            var found = result.FirstOrDefault(item => item is JsonObject known && keys.All(key => JsonNode.DeepEquals(known[key], fields[key])));
            if (fields[directive]?.ToString() == "delete")
                result.Remove(found);
            else if (found is null)
                result.Add(Without(fields, directive));
            else
                result[result.IndexOf(found)] = MergeObject(list.Item, found.AsObject(), fields);
        }

        return result;
    }

    private static FieldType? TypeOf(FieldType? type, string name) => type switch
    {
        ObjectType schema => schema.Find(name)?.Type,
        MapType map => map.Value,
        _ => null,
    };

    private static JsonObject Without(JsonObject fields, string name)
    {
        var result = fields.DeepClone().AsObject();
        result.Remove(name);
        return result;
    }
}
