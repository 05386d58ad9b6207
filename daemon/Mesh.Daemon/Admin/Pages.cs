using System.Buffers;
using System.Text;
using System.Text.Json;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Admin;

internal sealed class MetricsPage(MetricRegistry metrics)
{
    internal ValueTask<AdminResponse> Handle(AdminRequest request)
    {
        var format = MetricText.Negotiate(request.Accept);
        return new(new AdminResponse(200, MetricText.ContentType(format), default) { Pieces = MetricText.Pieces(metrics, format) });
    }
}

internal sealed class ProbePages(Readiness readiness, LoopHealth loops)
{
    internal ValueTask<AdminResponse> Ready(AdminRequest request) => new(readiness.IsReady
        ? AdminResponse.Text(200, "ready\n")
        : AdminResponse.Text(503, $"not ready: {string.Join(", ", readiness.Missing.Order(StringComparer.Ordinal))}\n"));

    internal async ValueTask<AdminResponse> Live(AdminRequest request)
    {
        var stalled = await loops.StalledAsync();
        return stalled.Count == 0
            ? AdminResponse.Text(200, "live\n")
            : AdminResponse.Text(503, $"these loops do not answer: {string.Join(", ", stalled)}\n");
    }
}

internal sealed class DiagnosticPages(AdminSources sources)
{
    internal ValueTask<AdminResponse> ConfigDump(AdminRequest request)
    {
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Indented = true })) sources.WriteConfig(json);
        return new(new AdminResponse(200, "application/json", body.WrittenMemory));
    }

    internal ValueTask<AdminResponse> Stats(AdminRequest request)
    {
        var text = new ArrayBufferWriter<byte>(64 * 1024);
        MetricText.Write(sources.Metrics, MetricFormat.Prometheus, text);
        string filter = request.Query("filter") ?? "";
        var lines = Encoding.UTF8.GetString(text.WrittenSpan).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#' && line.Contains(filter, StringComparison.Ordinal));
        return new(AdminResponse.Text(200, string.Concat(lines.Select(line => line + "\n"))));
    }

    internal ValueTask<AdminResponse> Logging(AdminRequest request)
    {
        if (request.Method == "POST")
        {
            if (!TryParseLevel(request.Query("level"), out var level))
                return new(AdminResponse.Text(400, "?level= must be one of debug, info, warning, error\n"));
            sources.Log.Level = level;
        }
        return new(AdminResponse.Text(200, $"level {sources.Log.Level.ToString().ToLowerInvariant()}\n"));
    }

    internal ValueTask<AdminResponse> Pools(AdminRequest request)
    {
        var text = new StringBuilder();
        foreach (var loop in sources.LoopList)
            text.Append($"{loop.Name} blocks_in_use {loop.Buffers.Outstanding} blocks_idle {loop.Buffers.Idle} timers {loop.Timers.ArmedCount}\n");
        return new(AdminResponse.Text(200, text.ToString()));
    }

    private static bool TryParseLevel(string? text, out LogLevel level)
    {
        level = default;
        foreach (var candidate in Enum.GetValues<LogLevel>())
        {
            if (candidate.ToString().ToLowerInvariant() != text) continue;
            level = candidate;
            return true;
        }
        return false;
    }
}
