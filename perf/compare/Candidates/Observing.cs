namespace Mesh.Compare.Candidates;

/// <summary>What meshd records of single requests. Peers log nothing and add no trace headers, so it does neither, except where a scenario is about that.</summary>
internal static class Observing
{
    /// <summary>The resource that asks for it.</summary>
    /// <param name="percent">Of the requests in the access log, and of traces that begin sampled; 0 turns trace headers off.</param>
    public static string Policy(string space, int percent) => $$"""

        ---
        apiVersion: mesh.internal/v1
        kind: TelemetryPolicy
        metadata: { name: bench, namespace: {{space}} }
        spec: { accessLog: { sampling: {{percent}} }, tracing: { {{(percent > 0 ? $"sampling: {percent}" : "enabled: false")}} } }
        """;
}
