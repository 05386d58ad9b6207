using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

/// <summary>Connections that a workload makes, redirected to its namespace's outbound port. What they were meant for decides:
/// a service's virtual address, a workload's own address, or something outside the mesh.</summary>
internal sealed class OutboundAcceptor(ProxyContext context)
{
    public void Accept(LocalWorkloadState source, Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Outbound, source, connection, this, static (self, source, accepted) => new(self.Handle(source!, accepted)));

    private Task Handle(LocalWorkloadState source, Connection connection)
    {
        if (!connection.TryGetOriginalDestination(out var destination) || IsOwnPort(destination.Port))
            return Refuse(source, connection, destination, ResponseFlag.NR, "a connection to the daemon's own port");
        var snapshot = context.Snapshots.Current;
        if (snapshot.ServicesByAddress.TryGetValue(destination.Address, out var service))
        {
            return service.FindPort(destination.Port) is { } port
                ? ToService(source, connection, port)
                : Refuse(source, connection, destination, ResponseFlag.NR, $"service {service.Key} has no port {destination.Port}");
        }
        if (snapshot.WorkloadsByAddress.TryGetValue(destination.Address, out var workload))
            return new OutboundTcp(context, connection.Loop, source).ToWorkloadAsync(connection, workload, destination);
        if (context.Options.VirtualRanges.Contains(destination.Address))
            return Refuse(source, connection, destination, ResponseFlag.NC, $"{destination.Address} is a virtual address of no service");
        return new OutboundTcp(context, connection.Loop, source).PassThroughAsync(connection, destination);
    }

    private Task ToService(LocalWorkloadState source, Connection connection, ServicePortModel port) => port.Protocol switch
    {
        AppProtocol.Http1 or AppProtocol.Http2 or AppProtocol.Grpc => ServeHttp(source, connection, port),
        AppProtocol.Detect => new ProtocolDetection(context, source, connection, port, () => ServeHttp(source, connection, port)).RunAsync(),
        AppProtocol.Tls => new DeclaredTls(context, source, connection, port).RunAsync(),
        _ => new OutboundTcp(context, connection.Loop, source).ToServiceAsync(connection, port),
    };

    private Task ServeHttp(LocalWorkloadState source, Connection connection, ServicePortModel port)
    {
        var scope = new ServiceScope(source.Uid, port.ServiceKey, port.Port);
        return new HttpServing(
            context, connection, () => new OutboundHttpHandler(context, connection.Loop, source, connection.RemoteAddress, scope)).RunAsync().AsTask();
    }

    /// <summary>A loop through ourselves would never end.</summary>
    private bool IsOwnPort(int port) =>
        port == context.Options.OutboundPort || port == context.Options.InboundPlainPort || port == context.Options.TunnelPort;

    private Task Refuse(LocalWorkloadState source, Connection connection, IpPort destination, ResponseFlag flag, string reason)
    {
        var failure = new Failure(flag, FailureSide.Client, FailureStage.Routing, reason);
        context.Reporter.ConnectionRefused(connection.Loop.Index, context.Snapshots.Current.TelemetryOfWorkload(source.Uid), source, connection.RemoteAddress, destination, failure);
        connection.Abort();
        return Task.CompletedTask;
    }
}
