using System.Diagnostics;
using Mesh.Control.Config;
using Mesh.Control.Translation;
using Mesh.Control.Workloads;
using Mesh.Daemon.Logging;
using Mesh.Daemon.Options;
using Mesh.Daemon.Systemd;
using Mesh.Io.Epoll;
using Mesh.Proxy.Configuration;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>The whole daemon. Start: state on disk, data plane, workloads that were enrolled before, node socket, admin, ready.
/// Stop: the other way round.</summary>
internal sealed class MeshDaemon : IAsyncDisposable
{
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
    private Watchdog? watchdog;

    public MeshDaemon(MeshdOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        log = new Log(Sinks.ForLog(options.LogFormat), options.LogLevel, time);
        controlLoop = new EpollLoop("control", options.Workers, time, log.LoopFailed);
        metrics = new MetricRegistry(options.Workers);
        notifier = new Notifier(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), time);
        var cache = new ResourceCache(ResourceChecks.Check);
        if (options.Controller is not null) managed = new ManagedConfig(options, controlLoop, cache, log, time);
        else standalone = new StandaloneConfig(options.Resources, cache, log, time);
        var translator = new SnapshotTranslator(options.Workers, new Random());
        var publisher = new SnapshotPublisher(translator, snapshots, () => managed?.TrustDomain ?? snapshots.Current.TrustDomain, Task.Run);
        cache.Changed += publisher.OnChanged;
        data = new DataPlane(options, snapshots, managed is null ? new NoIdentities() : managed.Identities, Sinks.ForAccessLog(options.LogFormat), metrics, log, time);
        if (managed is not null) capture = new CaptureHost(options, data.Workloads, Report, metrics, log, time);
    }

    /// <summary>Set once everything is served.</summary>
    public bool IsReady { get; private set; }

    public async Task StartAsync()
    {
        if (standalone is not null && !standalone.Start()) throw new ConfigurationException("the resources have errors, see above");
        if (managed is not null) await managed.StartAsync();
        if (capture is not null) await capture.StartAsync();
        IsReady = true;
        log.Started(ProductVersion.Text, options.Node, options.Workers);
        notifier.Ready($"{options.Workers} worker loops");
        if (Watchdog.Interval(Environment.GetEnvironmentVariable, Environment.ProcessId) is { } interval)
            watchdog = new Watchdog(notifier, interval, time, IsAliveAsync);
    }

    public async ValueTask DisposeAsync()
    {
        IsReady = false;
        notifier.Stopping();
        log.Stopping("asked to");
        if (watchdog is not null) await watchdog.DisposeAsync();
        if (capture is not null) await capture.DisposeAsync();
        if (managed is not null) await managed.StopAsync();
        standalone?.Dispose();
        await data.DisposeAsync();
        controlLoop.Dispose();
        await log.DisposeAsync();
    }

    private void Report(IReadOnlyList<EnrolledState> workloads) => managed!.SetWorkloads(workloads);

    /// <summary>Every loop takes a turn within a few seconds.</summary>
    private async Task<bool> IsAliveAsync()
    {
        try
        {
            await Task.WhenAll(data.PingAsync(), controlLoop.RunAsync(static () => Task.CompletedTask)).WaitAsync(TimeSpan.FromSeconds(5), time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
