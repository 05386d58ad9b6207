using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Admin;

/// <summary>What the endpoints show, gathered by the composition.</summary>
/// <param name="WriteConfig">Writes everything in force as one JSON value. Called on any thread.</param>
public sealed record AdminSources(
    MetricRegistry Metrics,
    Log Log,
    Readiness Readiness,
    LoopHealth Loops,
    IReadOnlyList<Io.Loop> LoopList,
    Action<System.Text.Json.Utf8JsonWriter> WriteConfig);

/// <summary>The endpoints of the three ports.</summary>
public static class AdminEndpoints
{
    /// <summary>15000: everything.</summary>
    public static IAdminEndpoint Admin(AdminSources sources)
    {
        var diagnostics = new DiagnosticPages(sources);
        return new AdminRouter(
        [
            new("/config_dump", "configuration in force, JSON", diagnostics.ConfigDump, "GET"),
            new("/stats", "metrics, one a line; ?filter= shows those that contain a text", diagnostics.Stats, "GET"),
            new("/logging", "log level; POST ?level=debug|info|warning|error changes it", diagnostics.Logging, "GET", "POST"),
            new("/debug/pools", "buffer blocks of each loop", diagnostics.Pools, "GET"),
            .. MetricsPages(sources),
            .. ReadinessPages(sources),
        ]);
    }

    /// <summary>15020: scrapes.</summary>
    public static IAdminEndpoint Metrics(AdminSources sources) => new AdminRouter([.. MetricsPages(sources)]);

    /// <summary>15021: probes.</summary>
    public static IAdminEndpoint Readiness(AdminSources sources) => new AdminRouter([.. ReadinessPages(sources)]);

    private static IEnumerable<AdminPage> MetricsPages(AdminSources sources)
    {
        yield return new("/metrics", "metrics for Prometheus, text or OpenMetrics", new MetricsPage(sources.Metrics).Handle, "GET");
    }

    private static IEnumerable<AdminPage> ReadinessPages(AdminSources sources)
    {
        var probes = new ProbePages(sources.Readiness, sources.Loops);
        yield return new("/readyz", "200 when traffic may come, else 503 with what is missing", probes.Ready, "GET");
        yield return new("/livez", "200 when every loop answers, else 503 with those that do not", probes.Live, "GET");
    }
}
