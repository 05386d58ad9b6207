using Google.Protobuf;
using Mesh.Control.Link;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;
using Mesh.Proxy.Workloads;

namespace Mesh.Control.Workloads;

/// <summary>A workload that is enrolled here.</summary>
/// <param name="RedirectVerified">Its traffic has been seen to go through the daemon.</param>
public sealed record EnrolledState(LocalWorkload Workload, bool RedirectVerified);

/// <summary>Tells the controller what is enrolled on this machine: the whole set after each connect and each change, one report at a
/// time; what changes meanwhile goes with the next. On the control loop.</summary>
public sealed class WorkloadReporter(ControlLog log) : ILinkUser
{
    private IReadOnlyList<EnrolledState> enrolled = [];
    private ulong sequence;
    private TaskCompletionSource changed = new();

    /// <summary>Workloads that the controller did not take, by "namespace/name", with its reason.</summary>
    public IReadOnlyDictionary<string, string> Problems { get; private set; } = new Dictionary<string, string>();

    /// <summary>The controller has acknowledged the present set.</summary>
    public bool IsReported { get; private set; }

    /// <summary>Each time the controller has acknowledged the present set: from now on it signs certificates for these workloads. On the control loop.</summary>
    public event Action? Acknowledged;

    public void Set(IReadOnlyList<EnrolledState> workloads)
    {
        enrolled = workloads;
        IsReported = false;
        changed.TrySetResult();
    }

    public async Task RunAsync(IGrpcTransport controller, Action healthy)
    {
        await using var call = await GrpcClient.OpenAsync(controller, GrpcMethods.ReportWorkloads);
        // One read is always pending, so that the end of the call is noticed while nothing changes here.
        var next = call.ReadAsync().AsTask();
        while (true)
        {
            var change = changed = new TaskCompletionSource();
            var report = Report();
            await call.WriteAsync(report);
            Note(await next ?? throw Ended(), report.Sequence, isNewest: !change.Task.IsCompleted);
            next = call.ReadAsync().AsTask();
            if (await Task.WhenAny(change.Task, next) != next) continue;
            throw await next is null ? Ended() : new GrpcException(GrpcStatusCode.Internal, "the controller acknowledged a report that was not sent");
        }
    }

    private static GrpcException Ended() => new(GrpcStatusCode.Unavailable, "the controller ended the stream of workload reports");

    private WorkloadReport Report()
    {
        var report = new WorkloadReport { Sequence = ++sequence };
        foreach (var (workload, verified) in enrolled)
        {
            var entry = new EnrolledWorkload
            {
                Namespace = workload.Namespace,
                Name = workload.Name,
                ServiceAccount = workload.ServiceAccount,
                RedirectVerified = verified,
            };
            entry.Addresses.AddRange(workload.Addresses.Select(static address => ByteString.CopyFrom(address.ToBytes())));
            entry.Labels.Add(workload.Labels.ToDictionary());
            report.Workloads.Add(entry);
        }
        return report;
    }

    private void Note(WorkloadReportAck ack, ulong expected, bool isNewest)
    {
        if (ack.Sequence != expected)
            throw new GrpcException(GrpcStatusCode.Internal, $"the controller acknowledged report {ack.Sequence} instead of {expected}");
        IsReported = isNewest;
        var before = Problems;
        Problems = ack.Problems.DistinctBy(static problem => problem.Name).ToDictionary(static problem => problem.Name, static problem => problem.Reason);
        foreach (var (name, reason) in Problems)
        {
            if (before.GetValueOrDefault(name) != reason) log.Warning(3050, $"the controller does not take workload {name}: {reason}");
        }
        if (isNewest) Acknowledged?.Invoke();
    }
}
