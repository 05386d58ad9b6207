using System.Text.Json.Nodes;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Patching;

/// <summary>
/// Sets of fields in the form FieldsV1 of managedFields: {"f:spec":{"f:ports":{"k:{\"port\":80}":{".":{},"f:name":{}}}}}. A leaf is an empty
/// object; lists without keys are leaves.
/// </summary>
internal static class FieldSets
{
    /// <summary>The fields that a document gives.</summary>
    public static JsonObject Of(FieldType? type, JsonNode? value)
    {
        var result = new JsonObject();
        switch (type, value)
        {
            case (ListType { Keys.Count: > 0 } list, JsonArray items):
                foreach (var item in items.OfType<JsonObject>())
                {
                    var fields = Of(list.Item, item);
                    fields["."] = new JsonObject();
                    result[KeyOf(list, item)] = fields;
                }

                break;
            case (_, JsonObject fields):
                foreach (var (name, field) in fields)
                    result["f:" + name] = Of(TypeOf(type, name), field);
                break;
        }

        return result;
    }

    /// <summary>Whether a path of <paramref name="set"/> is also in <paramref name="other"/>; a leaf covers what is below it.</summary>
    public static bool Meets(JsonObject set, JsonObject other) =>
        set.Count == 0 || other.Count == 0 || set.Any(entry => entry.Key != "." && other[entry.Key] is JsonObject below && Meets(entry.Value!.AsObject(), below));

    public static string KeyOf(ListType list, JsonObject item) =>
        "k:" + new JsonObject(list.Keys.Select(key => KeyValuePair.Create(key, item[key]?.DeepClone()))).ToJsonString();

    public static FieldType? TypeOf(FieldType? type, string name) => type switch
    {
        ObjectType schema => schema.Find(name)?.Type,
        MapType map => map.Value,
        _ => null,
    };
}
