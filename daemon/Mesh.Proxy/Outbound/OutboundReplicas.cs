using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Redis.Spreading;

namespace Mesh.Proxy.Outbound;

/// <summary>The replicas that a TrafficPolicy names for a service, reached as any endpoint is. Each connection with one is reported like a client's own.</summary>
/// <param name="primary">The service that the client is connected with.</param>
internal sealed class OutboundReplicas(ProxyContext context, OutboundTcp tcp, Connection client, ServicePortModel primary) : IReplicaSource
{
    private readonly Loop loop = client.Loop;

    public (ReadReplicas Settings, ServicePortModel Service)? Current(Snapshot snapshot) =>
        snapshot.FindServicePort(primary.ServiceKey, primary.Port) is { Traffic.ReadReplicas: { } settings, Protocol: AppProtocol.Redis }
        && snapshot.FindServicePort(settings.ServiceKey, settings.Port) is { Protocol: AppProtocol.Redis } service
            ? (settings, service) : null;

    public async Task<ReplicaConnection> ConnectAsync(ServicePortModel service, EndpointModel? avoid)
    {
        long start = loop.Time.GetTimestamp();
        try
        {
            var (connection, endpoint, chosen) = await tcp.Dial(client, service, avoid: avoid);
            var parties = tcp.Parties(endpoint, chosen);
            context.Reporter.TcpOpened(loop.Index, parties);
            endpoint!.State.Begin(loop.Index);
            return new ReplicaConnection(connection, endpoint, parties, tcp.GateOf(client, endpoint), start);
        }
        catch (ProxyException error)
        {
            var parties = tcp.Parties(null, service);
            context.Reporter.TcpOpened(loop.Index, parties);
            tcp.Report(client, parties, error.Failure, start, 0, 0, default);
            throw;
        }
    }

    public async ValueTask EndAsync(ReplicaConnection replica, Failure? failure, long receivedBytes, long sentBytes)
    {
        replica.Endpoint.State.End(loop.Index);
        var address = replica.Connection.RemoteAddress;
        await replica.Connection.DisposeAsync();
        tcp.Report(client, replica.Parties, failure, replica.OpenedAt, receivedBytes, sentBytes, address);
    }
}
