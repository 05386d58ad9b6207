using Mesh.Control.Config;
using Mesh.Control.Translation;
using Mesh.Control.Workloads;
using Mesh.Daemon.Admin;
using Mesh.Daemon.Logging;
using Mesh.Daemon.Options;
using Mesh.Daemon.Systemd;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Proxy.Configuration;
using Mesh.Telemetry;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>The whole daemon. Start: state on disk, data plane, workloads that were enrolled before, node socket, admin, ready.
/// Stop: the other way round.</summary>
internal sealed class MeshDaemon : IAsyncDisposable
{
    private const string Configured = "a configuration, from the controller or from disk";
    private const string WorkloadsServed = "the workloads that were enrolled before";

    private readonly MeshdOptions options;
    private readonly TimeProvider time;
    private readonly Log log;
    private readonly EpollLoop controlLoop;
    private readonly MetricRegistry metrics;
    private readonly SnapshotHolder snapshots = new();
    private readonly DataPlane data;
    private readonly StandaloneConfig? standalone;
    private readonly ManagedConfig? managed;
    private readonly CaptureHost? capture;
    private readonly Notifier notifier;
    private readonly Readiness readiness = new();
    private readonly LoopHealth health;
    private readonly AdminSources sources;
    private readonly List<AdminServer> servers = [];
    private Watchdog? watchdog;
    private readonly CancellationTokenSource ending = new();
    private Task? release;

    public MeshDaemon(MeshdOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        log = new Log(Sinks.ForLog(options.LogFormat), options.LogLevel, time);
        controlLoop = new EpollLoop("control", options.Workers, time, log.LoopFailed);
        metrics = new MetricRegistry(options.Workers);
        notifier = new Notifier(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), time);
        var cache = new ResourceCache(Check);
        if (options.Controller is not null) managed = new ManagedConfig(options, controlLoop, cache, metrics, log, time);
        else standalone = new StandaloneConfig(options.Resources, options.VirtualRanges, cache, log, time);
        _ = new SnapshotPublisher(cache, version => new SnapshotTranslator(options.Workers, new Random(), version),
            snapshots, () => managed?.TrustDomain ?? snapshots.Current.TrustDomain, Task.Run, log.SnapshotProblem);
        data = new DataPlane(options, snapshots, managed is null ? new NoIdentities() : managed.Identities, Sinks.ForAccessLog(options.LogFormat), metrics, log, time);
        ProcessMetrics.Register(metrics, ProductVersion.Text);
        health = new LoopHealth([.. data.Loops, controlLoop], time);
        var dump = new ConfigDump(options.Node, cache, snapshots, data.Context.Locals, managed);
        sources = new AdminSources(metrics, log, readiness, health, [.. data.Loops, controlLoop], dump.Write);
        readiness.Expect(Configured);
        readiness.Expect(WorkloadsServed);
        snapshots.Changed += _ => readiness.Meet(Configured);
        if (managed is not null) capture = new CaptureHost(options, data.Workloads, Report, metrics, log, time);
    }

    /// <summary>Ends only by a broken invariant, with it; the daemon cannot go on.</summary>
    public Task Failed => managed?.Failed ?? Task.Delay(Timeout.InfiniteTimeSpan, time);

    public async Task StartAsync()
    {
        Serve(AdminEndpoints.Admin(sources), options.Admin);
        Serve(AdminEndpoints.Metrics(sources), options.Metrics);
        Serve(AdminEndpoints.Readiness(sources), options.Readiness);
        if (standalone is not null && !standalone.Start()) throw new ConfigurationException("the resources have errors, see above");
        if (managed is not null) await managed.StartAsync();
        if (capture is not null) await capture.StartAsync();
        readiness.Meet(WorkloadsServed);
        log.Started(ProductVersion.Text, options.Node, options.Workers);
        notifier.Ready($"{options.Workers} worker loops");
        if (Watchdog.Interval(Environment.GetEnvironmentVariable, Environment.ProcessId) is { } interval)
            watchdog = new Watchdog(notifier, interval, time, IsAliveAsync);
        release = StartUpCode.ReleaseSoonAsync(time, ending.Token);
    }

    public async ValueTask DisposeAsync()
    {
        readiness.Drain();
        notifier.Stopping();
        log.Stopping("asked to");
        await ending.CancelAsync();
        if (release is not null) await release;
        if (watchdog is not null) await watchdog.DisposeAsync();
        int cut = await data.DrainAsync(options.DrainTimeout, time);
        if (cut > 0) log.DrainEnded(cut, options.DrainTimeout);
        if (capture is not null) await capture.DisposeAsync();
        if (managed is not null) await managed.StopAsync();
        standalone?.Dispose();
        foreach (var server in servers) server.Dispose();
        await data.DisposeAsync();
        controlLoop.Dispose();
        await log.DisposeAsync();
        ending.Dispose();
    }

    private void Serve(IAdminEndpoint endpoint, IpPort address) =>
        servers.Add(new AdminServer(endpoint, address, controlLoop, new EpollSocketFactory(), log));

    private string? Check(string typeUrl, string name, Google.Protobuf.IMessage message)
    {
        string? reason = ResourceChecks.Check(typeUrl, name, message);
        if (reason is not null) metrics.Shared.Counter(MeshMetrics.ConfigRejected, message.Descriptor.Name).Increment();
        return reason;
    }

    private void Report(IReadOnlyList<EnrolledState> workloads) => managed!.SetWorkloads(workloads);

    private async Task<bool> IsAliveAsync() => (await health.StalledAsync()).Count == 0;
}
