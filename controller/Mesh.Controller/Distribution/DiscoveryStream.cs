using System.Threading.Channels;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;

namespace Mesh.Controller.Distribution;

/// <summary>Drives a session: one task reads requests, one writes responses, pushes come from the scheduler. The session is used
/// under the gate; writing, which waits for a slow node, is not.</summary>
internal sealed class DiscoveryStream(NodeEntry node, DiscoverySession session, NodeDirectory nodes, DistributionLog log)
{
    private readonly Lock gate = new();
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private GrpcStatus? ended;
    private long rejectionsSeen;

    public NodeEntry Node => node;

    public async Task RunAsync(
        DeltaDiscoveryRequest first, GrpcReader<DeltaDiscoveryRequest> requests, GrpcWriter<DeltaDiscoveryResponse> responses, GrpcServerCall call)
    {
        Receive(first);
        var writing = WriteAsync(responses, call);
        try
        {
            while (await requests.ReadAsync() is { } request) Receive(request);
        }
        catch (GrpcException) when (ended is { } status)
        {
            throw new GrpcException(status);
        }
        finally
        {
            wake.Writer.TryComplete();
        }
        await writing;
    }

    public void Update(PushedGraph graph)
    {
        lock (gate) session.Update(graph);
        wake.Writer.TryWrite(true);
    }

    /// <summary>Ends the call from outside, with the status for the node. Thread-safe, any number of times; the first counts.</summary>
    public void End(GrpcServerCall call, GrpcStatus status)
    {
        lock (gate) ended ??= status;
        call.Input.CancelPendingRead();
    }

    private void Receive(DeltaDiscoveryRequest request)
    {
        lock (gate)
        {
            session.Receive(request);
            Report();
        }
        wake.Writer.TryWrite(true);
    }

    private async Task WriteAsync(GrpcWriter<DeltaDiscoveryResponse> responses, GrpcServerCall call)
    {
        try
        {
            while (await wake.Reader.WaitToReadAsync())
            {
                wake.Reader.TryRead(out _);
                while (Next() is { } response) await responses.WriteAsync(response);
            }
        }
        catch (Exception error) when (error is IOException or GrpcException or OperationCanceledException)
        {
            End(call, new(GrpcStatusCode.Cancelled, error.Message)); // the reader is what the call waits for
        }
    }

    private DeltaDiscoveryResponse? Next()
    {
        lock (gate)
        {
            var response = session.Next();
            if (response is null) Report();
            return response;
        }
    }

    private void Report()
    {
        if (session.RejectionCount != rejectionsSeen)
        {
            nodes.CountRejections(session.RejectionCount - rejectionsSeen);
            rejectionsSeen = session.RejectionCount;
            foreach (var rejected in session.Rejected) log.Rejected(node.Name, rejected.TypeUrl, rejected.Name, rejected.Version, rejected.Reason);
        }
        node.Applied(this, session.AppliedVersion, [.. session.Rejected]);
    }
}
