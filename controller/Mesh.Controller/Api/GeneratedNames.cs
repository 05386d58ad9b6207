using System.Text.Json.Nodes;

namespace Mesh.Controller.Api;

/// <summary>metadata.generateName: the prefix and five characters that cannot be misread, as Kubernetes makes them.</summary>
internal static class GeneratedNames
{
    private const string alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int length = 5;

    public static void Apply(JsonObject body, Random random)
    {
        if (body["metadata"] is not JsonObject metadata || !string.IsNullOrEmpty(metadata["name"]?.ToString()) || metadata["generateName"]?.ToString() is not { Length: > 0 } prefix)
            return;

        lock (random)
            metadata["name"] = prefix + new string(random.GetItems<char>(alphabet, length));
    }
}
