using Mesh.Io;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;

namespace Mesh.Controller.Distribution;

/// <summary>AggregatedDiscoveryService: keeps each connected node at the newest graph.</summary>
internal sealed class DiscoveryService(
    string trustDomain, PushScheduler pushes, NodeDirectory nodes, DiscoveryLimits limits, DistributionLog log)
{
    public async Task RunAsync(
        GrpcServerCall call, GrpcReader<DeltaDiscoveryRequest> requests, GrpcWriter<DeltaDiscoveryResponse> responses, CancellationToken stopping)
    {
        string name = NodePeer.Require(call, trustDomain);
        var first = await requests.ReadAsync() ?? throw new GrpcException(GrpcStatusCode.InvalidArgument, "the stream carries no request");
        if (first.Node is null || first.Node.Id != name)
            throw new GrpcException(GrpcStatusCode.PermissionDenied, $"node.id is '{first.Node?.Id}', the certificate says '{name}'");

        var stream = new DiscoveryStream(nodes.Entry(name), new DiscoverySession(pushes.Current, limits), nodes, log);
        string reason = "the node closed the stream";
        log.Connected(name, call.PeerAddress);
        pushes.Pushed += stream.Update;
        using var stop = stopping.Register(() => stream.End(call, new(GrpcStatusCode.Unavailable, "the controller is stopping")));
        try
        {
            stream.Node.EnterConfigStream(
                stream,
                () => stream.End(call, new(GrpcStatusCode.Aborted, $"a newer connection of node '{name}' took over")),
                Addresses(first),
                Version(first));
            stream.Update(pushes.Current); // what was pushed between making the session and listening
            await stream.RunAsync(first, requests, responses, call);
        }
        catch (Exception error)
        {
            reason = error.Message;
            throw;
        }
        finally
        {
            pushes.Pushed -= stream.Update;
            stream.Node.LeaveConfigStream(stream);
            log.Disconnected(name, reason);
        }
    }

    private static string? Version(DeltaDiscoveryRequest request) =>
        request.Node.Metadata?.Fields.GetValueOrDefault("version")?.StringValue is { Length: > 0 and <= 100 } version ? version : null;

    private static List<Ip>? Addresses(DeltaDiscoveryRequest request)
    {
        var listed = request.Node.Metadata?.Fields.GetValueOrDefault("addresses")?.ListValue?.Values;
        if (listed is null) return null;
        var addresses = new List<Ip>();
        foreach (var value in listed.Take(NodeService.MaxAddresses))
        {
            if (Ip.TryParse(value.StringValue, out var address)) addresses.Add(address);
        }
        return addresses;
    }
}
