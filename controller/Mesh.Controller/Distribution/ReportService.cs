using Mesh.Controller.Identity;
using Mesh.Io.Tls;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;

namespace Mesh.Controller.Distribution;

/// <summary>NodeService/ReportWorkloads: hands what a node has enrolled to the registry and tells the node what was not taken.</summary>
internal sealed class ReportService(string trustDomain, NodeDirectory nodes)
{
    /// <summary>Workloads of one machine; a kubelet runs about a hundred by default.</summary>
    public const int MaxWorkloads = 10_000;

    private const int MaxLabels = 256;

    public async Task RunAsync(
        GrpcServerCall call, GrpcReader<WorkloadReport> reports, GrpcWriter<WorkloadReportAck> acks, CancellationToken stopping)
    {
        var node = nodes.Entry(NodePeer.Require(call, trustDomain));
        var stream = new object();
        GrpcStatus? ended = null;
        void End(GrpcStatus status)
        {
            ended ??= status;
            call.Input.CancelPendingRead();
        }

        node.EnterReportStream(stream, () => End(Superseded(node.Name)));
        using var stop = stopping.Register(() => End(new(GrpcStatusCode.Unavailable, "the controller is stopping")));
        try
        {
            while (await reports.ReadAsync() is { } report) await acks.WriteAsync(await TakeAsync(node, stream, report));
        }
        catch (GrpcException) when (ended is { } status)
        {
            throw new GrpcException(status);
        }
        finally
        {
            node.LeaveReportStream(stream);
        }
    }

    private async Task<WorkloadReportAck> TakeAsync(NodeEntry node, object stream, WorkloadReport report)
    {
        if (report.Workloads.Count > MaxWorkloads)
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"a node reports {report.Workloads.Count} workloads, more than {MaxWorkloads}");
        var ack = new WorkloadReportAck { Sequence = report.Sequence };
        var good = new Dictionary<string, EnrolledWorkload>(StringComparer.Ordinal);
        foreach (var workload in report.Workloads)
        {
            string name = $"{workload.Namespace}/{workload.Name}";
            string? problem = Check(workload) ?? (good.TryAdd(name, workload) ? null : "the report names it twice");
            if (problem is not null) ack.Problems.Add(new WorkloadProblem { Name = name, Reason = problem });
        }
        var problems = await node.ReplaceWorkloadsAsync(stream, [.. good.Values]) ?? throw new GrpcException(Superseded(node.Name));
        foreach (var (name, problem) in problems) ack.Problems.Add(new WorkloadProblem { Name = name, Reason = problem });
        return ack;
    }

    private string? Check(EnrolledWorkload workload)
    {
        if (!MeshUri.IsDnsName(workload.Namespace)) return "its namespace is not a DNS name";
        if (!MeshUri.IsDnsName(workload.Name)) return "its name is not a DNS name";
        if (!MeshUri.IsIssuable(new SpiffeId(trustDomain, workload.Namespace, workload.ServiceAccount))) return "its service account is not a name";
        if (workload.Addresses.Count > NodeService.MaxAddresses) return $"it has more than {NodeService.MaxAddresses} addresses";
        if (!workload.Addresses.All(Addresses.IsValid)) return "one of its addresses has neither 4 nor 16 bytes";
        return workload.Labels.Count > MaxLabels ? $"it has more than {MaxLabels} labels" : null;
    }

    private static GrpcStatus Superseded(string node) => new(GrpcStatusCode.Aborted, $"a newer connection of node '{node}' took over");
}
