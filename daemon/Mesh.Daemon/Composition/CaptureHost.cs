using System.Collections.Concurrent;
using Mesh.Capture;
using Mesh.Capture.Namespaces;
using Mesh.Capture.NodeSocket;
using Mesh.Control.Workloads;
using Mesh.Daemon.Options;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>The node socket and what is enrolled through it, with log, metrics and the report that follows from it.</summary>
internal sealed class CaptureHost : IAsyncDisposable
{
    private readonly CaptureManager manager;
    private readonly CaptureConfig config;
    private readonly Events events;
    private readonly Action report;
    private NodeSocketServer? server;

    /// <param name="report">Gets the enrolled set after each change; on the thread pool.</param>
    public CaptureHost(MeshdOptions options, IWorkloadHost host, Action<IReadOnlyList<EnrolledState>> report, MetricRegistry metrics, Log log, TimeProvider time)
    {
        config = new CaptureConfig { StateDirectory = options.StateDirectory, NodeSocket = options.NodeSocket };
        events = new Events(log, metrics);
        manager = new CaptureManager(config, host, static network => new NamespaceSocketFactory(network), events, time, new Random());
        this.report = () => report([.. manager.Workloads.Select(workload => new EnrolledState(workload, events.IsVerified(workload.Uid)))]);
    }

    /// <summary>Serves what was enrolled before, then listens to the plugin.</summary>
    /// <exception cref="IOException">The node socket cannot be made.</exception>
    public async Task StartAsync()
    {
        await manager.StartAsync();
        // Only now: a report of half of what is being taken up would make the identities of the other half be forgotten.
        manager.Changed += report;
        events.VerificationChanged += report;
        report();
        server = new NodeSocketServer(config, manager, events);
    }

    public async ValueTask DisposeAsync()
    {
        // The end of the daemon is not the end of its workloads: nothing is reported on the way down.
        manager.Changed -= report;
        events.VerificationChanged -= report;
        server?.Dispose();
        await manager.DisposeAsync();
    }

    private sealed class Events(Log log, MetricRegistry metrics) : CaptureEvents
    {
        private readonly ConcurrentDictionary<string, bool> verified = new();

        public event Action? VerificationChanged;

        public bool IsVerified(string uid) => verified.GetValueOrDefault(uid);

        public override void Started(LocalWorkload workload)
        {
            log.WorkloadStarted(workload.Uid);
            // The plugin has just put the rules in place and nobody has looked since.
            Set(workload.Uid, true);
        }

        public override void Stopped(string uid, string reason)
        {
            log.WorkloadStopped(uid, reason);
            if (verified.TryRemove(uid, out _)) metrics.Shared.Remove(MeshMetrics.RedirectVerified, LabelsOf(uid));
        }

        public override void Failed(string uid, string reason, TimeSpan? retryAfter)
        {
            log.WorkloadFailed(uid, reason, retryAfter);
            Set(uid, false);
        }

        public override void Verified(string uid, IReadOnlyList<string> differences)
        {
            if (differences.Count > 0) log.RedirectBroken(uid, string.Join("; ", differences));
            Set(uid, differences.Count == 0);
        }

        public override void RecordUnreadable(string path, string reason) => log.RecordUnreadable(path, reason);

        public override void RequestFailed(string reason) => log.NodeRequestFailed(reason);

        private void Set(string uid, bool value)
        {
            bool changed = !verified.TryGetValue(uid, out bool before) || before != value;
            verified[uid] = value;
            metrics.Shared.Gauge(MeshMetrics.RedirectVerified, LabelsOf(uid)).Set(value ? 1 : 0);
            if (changed) VerificationChanged?.Invoke();
        }

        private static LabelSet LabelsOf(string uid)
        {
            int slash = uid.IndexOf('/');
            return new LabelSet(uid[(slash + 1)..], uid[..slash]);
        }
    }
}
