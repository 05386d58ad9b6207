using System.Text.Json.Nodes;

namespace Mesh.Resources.Patching;

/// <summary>RFC 6902: all operations or none.</summary>
public static class JsonPatch
{
    private const int maxOperations = 10_000; // the limit of Kubernetes

    /// <exception cref="PatchException">Malformed, a path that does not exist, or a failed test.</exception>
    public static JsonNode? Apply(JsonNode target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
            throw new PatchException("a JSON patch must be a list of operations");
        if (operations.Count > maxOperations)
            throw new PatchException($"a JSON patch must have at most {maxOperations} operations");

        var root = new Root { Value = target.DeepClone() };
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is not JsonObject operation)
                throw new PatchException($"operation {i} must be an object");

            try
            {
                Apply(root, operation);
            }
            catch (PatchException failure)
            {
                throw new PatchException($"operation {i} ({operation["op"]} {operation["path"]}): {failure.Message}");
            }
        }

        return root.Value;
    }

    private static void Apply(Root root, JsonObject operation)
    {
        var path = JsonPointer.Parse(Text(operation, "path"));
        switch (Text(operation, "op"))
        {
            case "add":
                root.Add(path, Value(operation));
                break;
            case "remove":
                root.Remove(path);
                break;
            case "replace":
                root.Replace(path, Value(operation));
                break;
            case "move":
                var moved = root.Get(JsonPointer.Parse(Text(operation, "from")))?.DeepClone();
                root.Remove(JsonPointer.Parse(Text(operation, "from")));
                root.Add(path, moved);
                break;
            case "copy":
                root.Add(path, root.Get(JsonPointer.Parse(Text(operation, "from")))?.DeepClone());
                break;
            case "test":
                if (!JsonNode.DeepEquals(root.Get(path), Value(operation)))
                    throw new PatchException("the value is not the tested one");
                break;
            default:
                throw new PatchException("op must be add, remove, replace, move, copy or test");
        }
    }

    private static string Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue(out string? text) ? text : throw new PatchException($"{name} must be given as text");

    private static JsonNode? Value(JsonObject operation) =>
        operation.ContainsKey("value") ? operation["value"]?.DeepClone() : throw new PatchException("value must be given");

    /// <summary>The document with a place for its root, which operations may replace too.</summary>
    private sealed class Root
    {
        public JsonNode? Value { get; set; }

        public JsonNode? Get(IReadOnlyList<string> path)
        {
            var at = Value;
            foreach (var step in path)
            {
                at = at switch
                {
                    JsonObject fields when fields.ContainsKey(step) => fields[step],
                    JsonArray items => items[JsonPointer.Index(step, items.Count - 1)],
                    _ => throw new PatchException($"there is no \"{step}\""),
                };
            }

            return at;
        }

        public void Add(IReadOnlyList<string> path, JsonNode? value)
        {
            if (path.Count == 0)
                Value = value;
            else if (Parent(path) is JsonObject fields)
                fields[path[^1]] = value;
            else if (Parent(path) is JsonArray items)
                items.Insert(path[^1] == "-" ? items.Count : JsonPointer.Index(path[^1], items.Count), value);
            else
                throw new PatchException("the place above it is neither an object nor a list");
        }

        public void Remove(IReadOnlyList<string> path)
        {
            _ = Get(path);
            if (path.Count == 0)
                Value = null;
            else if (Parent(path) is JsonObject fields)
                fields.Remove(path[^1]);
            else if (Parent(path) is JsonArray items)
                items.RemoveAt(JsonPointer.Index(path[^1], items.Count - 1));
        }

        public void Replace(IReadOnlyList<string> path, JsonNode? value)
        {
            _ = Get(path);
            if (path.Count > 0 && Parent(path) is JsonArray items)
                items[JsonPointer.Index(path[^1], items.Count - 1)] = value;
            else
                Add(path, value);
        }

        private JsonNode? Parent(IReadOnlyList<string> path) => Get([.. path.Take(path.Count - 1)]);
    }
}
