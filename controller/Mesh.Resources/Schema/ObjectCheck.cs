using System.Text.Json.Nodes;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Schema;

/// <summary>One object under a check over several fields. Accessors answer null for a field that is absent or of the wrong type.</summary>
internal readonly struct ObjectCheck(JsonObject value, string path, ErrorSink errors)
{
    public bool IsEmpty => value.Count == 0;

    public bool Has(string name) => value[name] is not null;

    public string? Text(string name) => value[name] is JsonValue field && field.TryGetValue(out string? text) ? text : null;

    public long? Integer(string name) => value[name] is JsonValue field && JsonNumbers.TryInteger(field, out var number) ? number : null;

    public JsonObject? Object(string name) => value[name] as JsonObject;

    public IReadOnlyList<JsonNode?> Items(string name) => value[name] is JsonArray list ? [.. list] : [];

    public ObjectCheck Child(string name) => new(Object(name) ?? [], Path(name), errors);

    /// <summary>Objects of a list, each with its own path.</summary>
    public IEnumerable<ObjectCheck> Children(string name)
    {
        var (list, childPath, sink) = (Items(name), Path(name), errors);
        return Enumerable.Range(0, list.Count).Where(i => list[i] is JsonObject).Select(i => new ObjectCheck((JsonObject)list[i]!, $"{childPath}[{i}]", sink));
    }

    public void Invalid(string name, string message) => errors.Add(Path(name), ErrorReason.Invalid, message);

    public void Required(string name, string message) => errors.Add(Path(name), ErrorReason.Required, message);

    public void NotSupported(string name, string message) => errors.Add(Path(name), ErrorReason.NotSupported, message);

    private string Path(string name) => name.Length == 0 ? path : path.Length == 0 ? name : path + "." + name;
}
