using System.Text.Json.Nodes;

namespace Mesh.Ctl.Client;

/// <summary>The controller refused, or could not be reached (code 0).</summary>
internal sealed class ApiFailure(int code, string message, JsonObject? status = null) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>Field and message of every cause.</summary>
    public IReadOnlyList<(string Field, string Message)> Causes { get; } =
        [.. (status?["details"]?["causes"] as JsonArray ?? []).Select(cause => (cause?["field"]?.ToString() ?? "", cause?["message"]?.ToString() ?? ""))];
}
