using Mesh.Compare.Measuring;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>How much meshd writes to its access log. Peers write none, so it writes none either, except where a scenario is about that.</summary>
internal static class AccessLogging
{
    private static readonly Lazy<Task<bool>> isKnown = new(ProbeAsync);

    /// <returns>The resource that asks for it, or nothing while this meshd does not know the kind, which the session's notes then say.</returns>
    /// <param name="percent">Of the requests.</param>
    public static async Task<string> PolicyAsync(Session session, string space, int percent)
    {
        if (await isKnown.Value) return Policy(space, percent);
        session.Note($"meshd logs every request instead of {percent} % and adds no trace headers: it knows no TelemetryPolicy yet");
        return "";
    }

    private static string Policy(string space, int percent) => $$"""

        ---
        apiVersion: mesh.internal/v1
        kind: TelemetryPolicy
        metadata: { name: bench, namespace: {{space}} }
        spec: { accessLog: { sampling: {{percent}} }, tracing: { sampling: {{percent}} } }
        """;

    private static async Task<bool> ProbeAsync()
    {
        string file = Path.GetTempFileName(), resources = Path.ChangeExtension(file, ".yaml");
        await File.WriteAllTextAsync(resources, Policy("default", 1));
        var result = await Shell.RunAsync([Path.Combine(Repository.Programs, "meshd"), "--node", "probe", "--resources", resources, "--validate"]);
        File.Delete(file);
        File.Delete(resources);
        return result.Ok;
    }
}
