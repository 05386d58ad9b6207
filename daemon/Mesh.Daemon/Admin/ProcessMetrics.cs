using System.Diagnostics;
using System.Globalization;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Admin;

/// <summary>The process as every Prometheus client library shows it, read from /proc at the scrape.</summary>
public static class ProcessMetrics
{
    private static readonly MetricFamily Cpu = MetricFamily.Counter("process_cpu_seconds_total", "CPU time of the process.");
    private static readonly MetricFamily Resident = MetricFamily.Gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
    private static readonly MetricFamily Files = MetricFamily.Gauge("process_open_fds", "Open file descriptors.");
    private static readonly MetricFamily Started = MetricFamily.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.");
    private static readonly MetricFamily Build = MetricFamily.Gauge("mesh_build_info", "Always 1.", "version");

    public static void Register(MetricRegistry registry, string version)
    {
        double started = new DateTimeOffset(Process.GetCurrentProcess().StartTime).ToUnixTimeMilliseconds() / 1000.0;
        registry.Observe(Cpu, LabelSet.None, static () => Environment.CpuUsage.TotalTime.TotalSeconds);
        registry.Observe(Resident, LabelSet.None, static () => ResidentBytes());
        registry.Observe(Files, LabelSet.None, static () => Directory.GetFiles("/proc/self/fd").Length);
        registry.Observe(Started, LabelSet.None, () => started);
        registry.Observe(Build, new LabelSet(version), static () => 1);
    }

    // The second field of statm is the number of resident pages (proc_pid_statm(5)).
    private static double ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
