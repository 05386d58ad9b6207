using System.Text.Json.Nodes;

namespace Mesh.Resources.Patching;

/// <summary>RFC 7396.</summary>
public static class JsonMergePatch
{
    /// <returns>The patched copy; null when the patch says so.</returns>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();

        var result = target is JsonObject fields ? fields.DeepClone().AsObject() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
                result.Remove(name);
            else
                result[name] = Apply(result[name], value);
        }

        return result;
    }
}
