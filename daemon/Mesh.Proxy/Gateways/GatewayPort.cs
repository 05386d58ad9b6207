using System.Runtime.CompilerServices;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Gateways;

/// <summary>Connections that came to one explicit port of a gateway.</summary>
internal sealed class GatewayPort(ProxyContext context, string gateway, IpPort address)
{
    private readonly GatewayScope[] scopes = [.. context.Loops.Select(_ => new GatewayScope(gateway, address.Port))];

    public void Accept(Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Gateway, null, connection, this, static (self, _, accepted) => self.Handle(accepted));

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Handle(Connection connection)
    {
        if (FindListener() is not { } listener || await ProxyProtocolGate.PassAsync(context, connection, gateway, listener) is not { } client)
        {
            connection.Abort();
            return;
        }
        await (listener.Protocol switch
        {
            AppProtocol.Tls => new(new GatewayTls(context, client, gateway, address.Port).RunAsync()),
            AppProtocol.Tcp => new(new OutboundTcp(context, client.Loop, null, gateway).ToBackendsAsync(client, listener.TcpBackends, $"gateway {gateway} listener {listener.Name}")),
            _ => ServeHttp(client),
        });
    }

    private ValueTask ServeHttp(Connection client)
    {
        var scope = scopes[client.Loop.Index];
        return new HttpServing(context, client, () => new OutboundHttpHandler(context, client.Loop, null, client.RemoteAddress, scope)).RunAsync();
    }

    /// <summary>Any listener of the port: they agree in what counts before it is known what the client asks for.</summary>
    private GatewayListenerModel? FindListener()
    {
        foreach (var candidate in context.Snapshots.Current.Gateways)
        {
            if (candidate.Key != gateway) continue;
            foreach (var listener in candidate.Listeners)
            {
                if (listener.Port == address.Port) return listener;
            }
        }
        return null;
    }
}
