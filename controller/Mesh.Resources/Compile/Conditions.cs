using System.Text.Json.Nodes;

namespace Mesh.Resources.Compile;

internal static class Conditions
{
    public static JsonObject Make(string type, bool holds, string reason, string message, long generation) => new()
    {
        ["type"] = type,
        ["status"] = holds ? "True" : "False",
        ["reason"] = reason,
        ["message"] = message,
        ["observedGeneration"] = generation,
    };
}
