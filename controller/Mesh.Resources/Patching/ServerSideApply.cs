using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Patching;

/// <summary>
/// Server-side apply: the document holds what one manager wants and nothing else. Fields that it gave before and leaves out now go, unless
/// another manager applies them too; fields that another manager applies with another value are conflicts. Only appliers own fields: a
/// plain update or patch overwrites and is overwritten.
/// </summary>
public static class ServerSideApply
{
    /// <param name="live">What is stored; null when the resource is new.</param>
    /// <param name="now">Time for managedFields, in the form of RFC 3339.</param>
    /// <exception cref="ApplyConflictException">Another manager owns a field with another value, and <paramref name="force"/> is not set.</exception>
    public static JsonObject Apply(KindSchema kind, JsonObject? live, JsonObject applied, string manager, bool force, string now)
    {
        var wanted = Defaulted(kind, applied);
        var fields = OwnedBy(kind, wanted);
        if (live is null)
            return WithManager(wanted, kind, manager, fields, [], now);

        var entries = (live["metadata"]?["managedFields"] as JsonArray ?? []).OfType<JsonObject>().Where(entry => entry["operation"]?.ToString() == "Apply").ToList();
        var mine = entries.FirstOrDefault(entry => entry["manager"]?.ToString() == manager)?["fieldsV1"] as JsonObject ?? [];
        var others = entries.Where(entry => entry["manager"]?.ToString() != manager).ToList();
        if (!force)
            CheckConflicts(kind, live, wanted, others);

        var result = live.DeepClone().AsObject();
        FieldRemoval.Remove(kind.Document, result, mine, fields, [.. others.Select(entry => entry["fieldsV1"] as JsonObject ?? [])]);
        Merge(kind.Document, result, wanted);
        return WithManager(result, kind, manager, fields, others, now);
    }

    // Defaults must be present, or a merge by key would miss items whose key was defaulted.
    private static JsonObject Defaulted(KindSchema kind, JsonObject applied)
    {
        var copy = applied.DeepClone().AsObject();
        Defaulter.Apply(kind.Document, copy);
        if (applied["metadata"]?["namespace"] is null)
            (copy["metadata"] as JsonObject)?.Remove("namespace"); // the path says it; a default would contradict
        return copy;
    }

    private static JsonObject OwnedBy(KindSchema kind, JsonObject applied)
    {
        var owned = applied.DeepClone().AsObject();
        foreach (var identity in new[] { "apiVersion", "kind", "status" })
            owned.Remove(identity);
        foreach (var identity in new[] { "name", "namespace", "managedFields", "resourceVersion", "uid", "creationTimestamp", "generation" })
            (owned["metadata"] as JsonObject)?.Remove(identity);
        if (owned["metadata"] is JsonObject { Count: 0 })
            owned.Remove("metadata"); // a leaf would stand for all of it

        return FieldSets.Of(kind.Document, owned);
    }

    private static void CheckConflicts(KindSchema kind, JsonObject live, JsonObject wanted, IReadOnlyList<JsonObject> others)
    {
        var changed = FieldSets.Of(kind.Document, Changed(live, wanted) ?? new JsonObject());
        if (changed.Count == 0)
            return;

        var owners = others.Where(entry => FieldSets.Meets(changed, entry["fieldsV1"] as JsonObject ?? [])).Select(entry => entry["manager"]!.ToString()).ToList();
        if (owners.Count > 0)
            throw new ApplyConflictException($"fields are applied with other values by {string.Join(", ", owners)}; apply with force to take them over");
    }

    /// <summary>What of the wanted document differs from the live one; whole lists, because items have no place of their own here.</summary>
    private static JsonObject? Changed(JsonObject live, JsonObject wanted)
    {
        var result = new JsonObject();
        foreach (var (name, value) in wanted)
        {
            if (value is JsonObject below && live[name] is JsonObject liveBelow)
            {
                if (Changed(liveBelow, below) is { } changes)
                    result[name] = changes;
            }
            else if (live[name] is { } current && !JsonNode.DeepEquals(current, value))
            {
                result[name] = value?.DeepClone();
            }
        }

        return result.Count > 0 ? result : null;
    }

    private static void Merge(FieldType? type, JsonObject target, JsonObject wanted)
    {
        foreach (var (name, value) in wanted)
        {
            var fieldType = FieldSets.TypeOf(type, name);
            if (value is JsonObject below && target[name] is JsonObject targetBelow)
                Merge(fieldType, targetBelow, below);
            else if (fieldType is ListType { Keys.Count: > 0 } list && value is JsonArray items && target[name] is JsonArray targetItems)
                MergeItems(list, targetItems, items);
            else
                target[name] = value?.DeepClone();
        }
    }

    private static void MergeItems(ListType list, JsonArray target, JsonArray wanted)
    {
        foreach (var item in wanted.OfType<JsonObject>())
        {
            var key = FieldSets.KeyOf(list, item);
            if (target.OfType<JsonObject>().FirstOrDefault(known => FieldSets.KeyOf(list, known) == key) is { } found)
                Merge(list.Item, found, item);
            else
                target.Add(item.DeepClone());
        }
    }

    private static JsonObject WithManager(JsonObject document, KindSchema kind, string manager, JsonObject fields, IReadOnlyList<JsonObject> others, string now)
    {
        if (document["metadata"] is not JsonObject metadata)
            return document; // validation says what is wrong with it

        var entry = new JsonObject
        {
            ["manager"] = manager,
            ["operation"] = "Apply",
            ["apiVersion"] = kind.ApiVersion,
            ["time"] = now,
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = fields,
        };
        var old = (metadata["managedFields"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(known => known["manager"]?.ToString() == manager);
        if (old is not null && JsonNode.DeepEquals(old["fieldsV1"], fields))
            entry["time"] = old["time"]?.DeepClone(); // so that applying the same again changes nothing

        metadata["managedFields"] = new JsonArray([.. others.Select(other => other.DeepClone()), entry]);
        return document;
    }
}
