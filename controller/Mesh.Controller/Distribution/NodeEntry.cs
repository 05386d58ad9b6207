using Mesh.Io;

namespace Mesh.Controller.Distribution;

/// <summary>One node. Its writes to the registry come one after the other; a failed one is repeated with what is newest.</summary>
internal sealed class NodeEntry : IDisposable
{
    private static readonly TimeSpan retryDelay = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim oneWriteAtATime = new(1, 1);
    private readonly IWorkloadRegistry registry;
    private readonly DistributionLog log;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource disposed = new();
    private NodeReport report;
    private bool reportScheduled;
    private object? configStream;
    private Action? endConfigStream;
    private object? reportStream;
    private Action? endReportStream;

    public NodeEntry(string name, IWorkloadRegistry registry, TimeProvider time, DistributionLog log)
    {
        (Name, this.registry, this.time, this.log) = (name, registry, time, log);
        report = new NodeReport(name, Connected: false);
    }

    public string Name { get; }

    public bool IsConnected => Volatile.Read(ref configStream) is not null;

    /// <summary>The identities of the workloads that the registry took from the node's last report: known here before the graph has them.</summary>
    public IReadOnlySet<(string Namespace, string ServiceAccount)> Reported { get; private set; } = new HashSet<(string, string)>();

    /// <summary>Makes the stream the node's only discovery stream; an older one is ended, for it is dead or belongs to a machine of the same name.</summary>
    public void EnterConfigStream(object stream, Action end, IReadOnlyList<Ip>? addresses, string? version)
    {
        Action? endOlder;
        lock (gate)
        {
            endOlder = endConfigStream;
            (configStream, endConfigStream) = (stream, end);
            Change(report with { Connected = true, Addresses = addresses ?? report.Addresses, Version = version ?? report.Version });
        }
        endOlder?.Invoke();
    }

    public void LeaveConfigStream(object stream)
    {
        lock (gate)
        {
            if (configStream != stream) return;
            (configStream, endConfigStream) = (null, null);
            Change(report with { Connected = false });
        }
    }

    public void Applied(object stream, string? configVersion, IReadOnlyList<RejectedConfig> rejected)
    {
        lock (gate)
        {
            if (configStream != stream) return;
            bool same = configVersion == report.ConfigVersion && rejected.SequenceEqual(report.Rejected ?? []);
            if (!same) Change(report with { ConfigVersion = configVersion, Rejected = rejected });
        }
    }

    /// <summary>As for discovery streams: the newest wins.</summary>
    public void EnterReportStream(object stream, Action end)
    {
        Action? endOlder;
        lock (gate)
        {
            endOlder = endReportStream;
            (reportStream, endReportStream) = (stream, end);
        }
        endOlder?.Invoke();
    }

    public void LeaveReportStream(object stream)
    {
        lock (gate)
        {
            if (reportStream == stream) (reportStream, endReportStream) = (null, null);
        }
    }

    /// <summary>Hands the node's whole set to the registry, unless a newer stream has taken over.</summary>
    /// <returns>Null when it has.</returns>
    public async Task<IReadOnlyList<(string Name, string Problem)>?> ReplaceWorkloadsAsync(
        object stream, IReadOnlyList<Protocol.Identity.EnrolledWorkload> workloads)
    {
        await oneWriteAtATime.WaitAsync();
        try
        {
            if (Volatile.Read(ref reportStream) != stream) return null;
            var problems = await registry.ReplaceNodeWorkloadsAsync(Name, workloads);
            var refused = problems.Select(static problem => problem.Name).ToHashSet(StringComparer.Ordinal);
            Reported = workloads.Where(workload => !refused.Contains($"{workload.Namespace}/{workload.Name}"))
                .Select(static workload => (workload.Namespace, workload.ServiceAccount)).ToHashSet();
            return problems;
        }
        finally
        {
            oneWriteAtATime.Release();
        }
    }

    /// <summary>Records a node that has joined and is not connected yet.</summary>
    public async Task JoinedAsync(IReadOnlyList<Ip> addresses, string version)
    {
        lock (gate) report = report with { Addresses = addresses, Version = version };
        await WriteReportAsync();
    }

    public void Dispose() => disposed.Cancel();

    private void Change(NodeReport changed)
    {
        report = changed;
        if (reportScheduled) return;
        reportScheduled = true;
        _ = WriteReportLaterAsync(NodeDirectory.ReportDelay);
    }

    private async Task WriteReportLaterAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, time, disposed.Token);
            await WriteReportAsync();
        }
        catch (OperationCanceledException)
        {
            // disposed: nobody is left to tell
        }
    }

    private async Task WriteReportAsync()
    {
        await oneWriteAtATime.WaitAsync();
        try
        {
            NodeReport newest;
            lock (gate) (newest, reportScheduled) = (report, false);
            await registry.SetNodeAsync(newest);
        }
        catch (Exception error)
        {
            log.NodeNotWritten(Name, error);
            lock (gate)
            {
                if (reportScheduled) return;
                reportScheduled = true;
            }
            _ = WriteReportLaterAsync(retryDelay);
        }
        finally
        {
            oneWriteAtATime.Release();
        }
    }
}
