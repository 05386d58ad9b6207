using Mesh.Capture.Enrolments;
using Mesh.Capture.Namespaces;
using Mesh.Io;
using Mesh.Netfilter;
using Mesh.Netfilter.Namespaces;
using Mesh.NodeSocket;
using Mesh.Proxy.Workloads;

namespace Mesh.Capture;

/// <summary>Decides which workloads of this machine are served: enrolled through the node socket, restored from disk at start, dropped when their
/// namespace is gone. Runs on the thread pool, never on a loop. Thread-safe: one operation at a time per workload, and workloads do not wait for each other.</summary>
public sealed class CaptureManager : IAsyncDisposable
{
    private readonly CaptureConfig config;
    private readonly IWorkloadHost host;
    private readonly Func<NetworkNamespace, SocketFactory> sockets;
    private readonly CaptureEvents events;
    private readonly TimeProvider time;
    private readonly EnrolmentStore store;
    private readonly KeyedGate gates = new();
    private readonly Dictionary<string, CapturedWorkload> workloads = []; // also the lock for itself
    private readonly RetrySchedule retries;
    private readonly CancellationTokenSource stopping = new();
    private Task verification = Task.CompletedTask;

    /// <param name="sockets">Makes the factory for one namespace; the product's is <see cref="NamespaceSocketFactory"/>.</param>
    /// <param name="random">Jitter of retries. Used under a lock.</param>
    public CaptureManager(
        CaptureConfig config, IWorkloadHost host, Func<NetworkNamespace, SocketFactory> sockets, CaptureEvents events, TimeProvider time, Random random)
    {
        (this.config, this.host, this.sockets, this.events, this.time) = (config, host, sockets, events, time);
        store = new(config.StateDirectory, EnrolmentStore.CurrentBootId());
        retries = new(config.FirstRetry, config.LongestRetry, random);
    }

    /// <summary>After any change of <see cref="Workloads"/>; on the thread pool.</summary>
    public event Action? Changed;

    /// <summary>All that are enrolled, whether served at the moment or not.</summary>
    public IReadOnlyList<LocalWorkload> Workloads => Snapshot().ConvertAll(static workload => workload.Description);

    internal IReadOnlyList<EnrolmentStatus> Statuses => Snapshot().ConvertAll(static workload => workload.Status);

    /// <summary>Serves what was enrolled before the daemon stopped. Ends when each was tried once; those that failed are tried again in the background.
    /// Also starts the periodic verification. Called once.</summary>
    public async Task StartAsync()
    {
        await Task.WhenAll(store.Load(events.RecordUnreadable).Select(RestoreAsync));
        verification = Task.Run(VerifyPeriodicallyAsync);
    }

    /// <summary>Takes ownership of the namespace, also when it throws.</summary>
    /// <exception cref="CaptureRequestException">It is not served; nothing is left behind.</exception>
    internal async Task EnrolAsync(Enrolment enrolment, NetworkNamespace network)
    {
        CapturedWorkload workload;
        try
        {
            EnrolmentRules.Check(enrolment, network);
            workload = new(FollowedFiles.Of(enrolment), network);
        }
        catch
        {
            network.Dispose();
            throw;
        }
        using var gate = await gates.EnterAsync(enrolment.Uid, stopping.Token);
        try
        {
            await AdmitAsync(workload);
            await ServeAsync(workload);
        }
        catch (Exception error)
        {
            await DropAsync(workload, error.Message);
            workload.Dispose();
            if (error is CaptureRequestException) throw;
            throw new CaptureRequestException(NodeErrorKind.Unavailable, $"{enrolment.Uid} cannot be served: {error.Message}", error);
        }
    }

    /// <summary>Idempotent: an attachment that is not known is fine. An older attachment of a name that has a newer one is not known any more.</summary>
    internal async Task UnenrolAsync(Attachment attachment)
    {
        if (Find(attachment) is not { } workload) return;
        using var gate = await gates.EnterAsync(workload.Enrolment.Uid, stopping.Token);
        if (Find(attachment) == workload) await DropAsync(workload, "unenrolled");
    }

    /// <exception cref="CaptureRequestException">Unknown, not served, or not what was set up.</exception>
    internal async Task CheckAsync(Attachment attachment)
    {
        var workload = Find(attachment)
            ?? throw new CaptureRequestException(NodeErrorKind.Unknown, $"container {attachment.ContainerId} with {attachment.InterfaceName} is not enrolled");
        if (workload.State != EnrolmentState.Running)
            throw new CaptureRequestException(NodeErrorKind.Unavailable, $"{workload.Enrolment.Uid} is not served: {workload.Reason ?? "it is starting"}");
        var differences = await VerifyAsync(workload.Enrolment.Uid);
        if (differences.Count > 0)
            throw new CaptureRequestException(NodeErrorKind.Unavailable, $"{workload.Enrolment.Uid}: {string.Join("; ", differences)}");
    }

    /// <summary>Compares the kernel with what was set up; empty when all is in place. A workload whose namespace has ended is dropped.</summary>
    /// <param name="probes">Also try a connection, which the daemon sees as one to an unknown destination.</param>
    public async Task<IReadOnlyList<string>> VerifyAsync(string uid, bool probes = false)
    {
        using var gate = await gates.EnterAsync(uid, stopping.Token);
        if (Find(uid) is not { } workload) return [$"{uid} is not enrolled"];
        if (!workload.IsNamespaceInPlace())
        {
            await DropAsync(workload, $"its namespace {workload.Enrolment.NamespacePath} is gone");
            return [$"the namespace {workload.Enrolment.NamespacePath} is gone"];
        }
        var differences = await Task.Run(() => Differences(workload, probes));
        events.Verified(uid, differences);
        return differences;
    }

    private static List<string> Differences(CapturedWorkload workload, bool probes)
    {
        var differences = new List<string>();
        try
        {
            differences.AddRange(workload.RuleDifferences());
            differences.AddRange(workload.ForeignAddresses().Select(static address => $"the namespace does not hold {address}"));
            if (probes && RedirectProbe.Run(workload.Network, workload.Description.Addresses) is { } difference) differences.Add(difference);
        }
        catch (CaptureException error)
        {
            differences.Add(error.Message);
        }
        return differences;
    }

    private async Task VerifyPeriodicallyAsync()
    {
        while (true)
        {
            await Task.Delay(config.VerifyInterval, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var workload in Snapshot())
            {
                if (stopping.IsCancellationRequested) return;
                await VerifyQuietlyAsync(workload.Enrolment.Uid);
            }
            if (stopping.IsCancellationRequested) return;
        }
    }

    private async Task VerifyQuietlyAsync(string uid)
    {
        try
        {
            await VerifyAsync(uid);
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
        catch (Exception error)
        {
            events.Failed(uid, $"verification failed: {error.Message}", config.VerifyInterval);
        }
    }

    private async Task RestoreAsync(Enrolment enrolment)
    {
        using var gate = await gates.EnterAsync(enrolment.Uid, stopping.Token);
        NetworkNamespace network;
        try
        {
            network = NetworkNamespace.Open(enrolment.NamespacePath);
        }
        catch (NamespaceMissingException error)
        {
            Forget(enrolment.Uid, error.Message);
            return;
        }
        if (network.Id.Inode != enrolment.NamespaceInode)
        {
            network.Dispose();
            Forget(enrolment.Uid, $"{enrolment.NamespacePath} is another namespace now");
            return;
        }
        var workload = new CapturedWorkload(enrolment, network);
        lock (workloads) workloads[enrolment.Uid] = workload;
        Changed?.Invoke();
        await TryServeAsync(workload, attempt: 0);
    }

    /// <summary>Serves a workload that nobody waits for: failures are retried until it works or is unenrolled.</summary>
    private async Task TryServeAsync(CapturedWorkload workload, int attempt)
    {
        try
        {
            await ServeAsync(workload);
        }
        catch (Exception error)
        {
            var delay = retries.Delay(attempt);
            (workload.State, workload.Reason) = (EnrolmentState.Failed, error.Message);
            events.Failed(workload.Enrolment.Uid, error.Message, delay);
            _ = RetryAsync(workload, attempt + 1, delay);
        }
    }

    private async Task RetryAsync(CapturedWorkload workload, int attempt, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, time, stopping.Token);
            using var gate = await gates.EnterAsync(workload.Enrolment.Uid, stopping.Token);
            if (Find(workload.Enrolment.Uid) != workload) return;
            if (workload.IsNamespaceInPlace()) await TryServeAsync(workload, attempt);
            else await DropAsync(workload, $"its namespace {workload.Enrolment.NamespacePath} is gone");
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    /// <summary>Listeners, then the record, then success.</summary>
    private async Task ServeAsync(CapturedWorkload workload)
    {
        string uid = workload.Enrolment.Uid;
        var foreign = workload.ForeignAddresses();
        if (foreign.Count > 0) throw new IOException($"{workload.Enrolment.NamespacePath} does not hold {string.Join(", ", foreign)}");
        await host.StartAsync(workload.Description, sockets(workload.Network));
        try
        {
            store.Save(workload.Enrolment);
        }
        catch
        {
            await host.StopAsync(uid);
            throw;
        }
        (workload.State, workload.Reason) = (EnrolmentState.Running, null);
        events.Started(workload.Description);
    }

    /// <summary>Makes the workload known. The same container again, or the name's new container, replaces what was there; a workload that has ended
    /// makes room; any other conflict is refused.</summary>
    private async Task AdmitAsync(CapturedWorkload workload)
    {
        var enrolment = workload.Enrolment;
        while (FindObstacle(workload) is { } obstacle)
        {
            bool isConflict = EnrolmentRules.Conflicts(obstacle, enrolment, workload.Network, out string? reason);
            if (isConflict && obstacle.IsNamespaceInPlace()) throw new CaptureRequestException(NodeErrorKind.Invalid, $"{enrolment.Uid} is refused: {reason}");
            await DropAsync(obstacle, isConflict ? "its namespace is gone" : $"replaced by {enrolment.Uid} of container {enrolment.Attachment.ContainerId}");
        }
        Changed?.Invoke();
    }

    /// <summary>What must go before the workload can be known; without any it is known from here on.</summary>
    private CapturedWorkload? FindObstacle(CapturedWorkload workload)
    {
        var enrolment = workload.Enrolment;
        lock (workloads)
        {
            var obstacle = workloads.Values.FirstOrDefault(other => other.Enrolment.Uid == enrolment.Uid || other.Enrolment.Attachment == enrolment.Attachment
                || EnrolmentRules.Conflicts(other, enrolment, workload.Network, out _));
            if (obstacle is not null) return obstacle;
            if (workloads.Count >= config.MaxWorkloads)
                throw new CaptureRequestException(NodeErrorKind.Unavailable, $"{enrolment.Uid} is refused: the limit of {config.MaxWorkloads} workloads is reached");
            workloads[enrolment.Uid] = workload;
            return null;
        }
    }

    private async Task DropAsync(CapturedWorkload workload, string reason)
    {
        lock (workloads)
        {
            if (!workloads.TryGetValue(workload.Enrolment.Uid, out var current) || current != workload) return;
            workloads.Remove(workload.Enrolment.Uid);
        }
        await host.StopAsync(workload.Enrolment.Uid);
        Forget(workload.Enrolment.Uid, reason);
        workload.Dispose();
        Changed?.Invoke();
    }

    private void Forget(string uid, string reason)
    {
        store.Delete(uid);
        events.Stopped(uid, reason);
    }

    private CapturedWorkload? Find(string uid)
    {
        lock (workloads) return workloads.GetValueOrDefault(uid);
    }

    private CapturedWorkload? Find(Attachment attachment)
    {
        lock (workloads) return workloads.Values.FirstOrDefault(workload => workload.Enrolment.Attachment == attachment);
    }

    private List<CapturedWorkload> Snapshot()
    {
        lock (workloads) return [.. workloads.Values];
    }

    /// <summary>Stops retries and verification and lets go of the namespaces. Workloads stay enrolled; stop the node socket before this, and the host's
    /// listeners too, which could open no more sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await verification;
        foreach (var workload in Snapshot()) workload.Dispose();
    }
}
