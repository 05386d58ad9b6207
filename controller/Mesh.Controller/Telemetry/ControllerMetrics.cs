using System.Collections.Concurrent;
using System.Text;

namespace Mesh.Controller.Telemetry;

/// <summary>What the controller counts, written in the Prometheus text format. Any thread.</summary>
internal sealed class ControllerMetrics
{
    private static readonly HashSet<string> methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    private readonly ConcurrentDictionary<(string Method, int Code), long> requests = [];
    private readonly ConcurrentDictionary<string, Func<double>> gauges = [];
    private long watches;
    private long compilations;
    private long compileTicks;

    public void Request(string method, int code) =>
        requests.AddOrUpdate((methods.Contains(method) ? method : "other", code), 1, static (_, count) => count + 1);

    public void OpenWatches(int change) => Interlocked.Add(ref watches, change);

    public void Compiled(TimeSpan duration)
    {
        Interlocked.Increment(ref compilations);
        Interlocked.Add(ref compileTicks, duration.Ticks);
    }

    /// <summary>A value that is read when asked for; "_total" at the end of the name makes it a counter.</summary>
    public void Observe(string name, Func<double> read) => gauges[name] = read;

    public string Write()
    {
        var text = new StringBuilder("# TYPE mesh_controller_requests_total counter\n");
        foreach (var ((method, code), count) in requests.OrderBy(entry => entry.Key))
            text.Append($"mesh_controller_requests_total{{method=\"{method}\",code=\"{code}\"}} {count}\n");

        Append(text, "mesh_controller_watches", Interlocked.Read(ref watches));
        Append(text, "mesh_controller_compilations_total", Interlocked.Read(ref compilations));
        Append(text, "mesh_controller_compilation_seconds_total", TimeSpan.FromTicks(Interlocked.Read(ref compileTicks)).TotalSeconds);
        foreach (var (name, read) in gauges.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            Append(text, name, read());

        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, double value) =>
        text.Append($"# TYPE {name} {(name.EndsWith("_total", StringComparison.Ordinal) ? "counter" : "gauge")}\n{name} {value}\n");
}
