using Mesh.Daemon.Options;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>The worker loops and everything that runs on them.</summary>
internal sealed class DataPlane : IAsyncDisposable
{
    private readonly List<EpollLoop> loops;
    private readonly AccessLog accessLog;
    private readonly ResolverFollower resolvers;

    public DataPlane(MeshdOptions options, SnapshotHolder snapshots, IIdentitySource identities, IAccessSink accessSink, MetricRegistry metrics, Log log, TimeProvider time)
    {
        loops = [.. Enumerable.Range(0, options.Workers).Select(i => new EpollLoop($"worker-{i}", i, time, log.LoopFailed))];
        accessLog = new AccessLog(metrics, options.Workers, accessSink, time, log.LoopFailed);
        var random = new Random();
        var reporter = new TrafficReporter(metrics, accessLog, options.Workers, time, random);
        Context = new ProxyContext(new ProxyOptions { VirtualRanges = options.VirtualRanges }, loops, snapshots, identities, new EpollSocketFactory(), reporter, random);
        resolvers = new ResolverFollower(log, time);
        var dns = new DnsListeners(Context, metrics, resolvers);
        Workloads = new WorkloadHost(Context, [dns]);
        Gateways = new GatewayHost(Context, log.GatewayProblem);
        snapshots.Changed += Gateways.Apply;
        foreach (var loop in loops)
        {
            LoopMetrics.Register(metrics, loop, Context.OccupancyOf(loop));
            LoopPriority.Raise(loop);
        }
        metrics.Observe(MeshMetrics.ConfigVersion, new LabelSet(), () => snapshots.Current.Version);
    }

    public ProxyContext Context { get; }
    public WorkloadHost Workloads { get; }
    public GatewayHost Gateways { get; }
    public IReadOnlyList<EpollLoop> Loops => loops;

    /// <summary>Nothing new is taken, and what is under way has until the bound to end.</summary>
    /// <returns>Connections that will be cut.</returns>
    public Task<int> DrainAsync(TimeSpan bound, TimeProvider time)
    {
        Gateways.Dispose();
        Workloads.StopListening();
        return Context.DrainAsync(bound, time);
    }

    /// <summary>Listeners first, then connections, then threads.</summary>
    public async ValueTask DisposeAsync()
    {
        Gateways.Dispose();
        foreach (var workload in Context.Locals.All) await Workloads.StopAsync(workload.Uid);
        await resolvers.DisposeAsync();
        foreach (var loop in loops) loop.Dispose();
        await accessLog.DisposeAsync();
    }
}
