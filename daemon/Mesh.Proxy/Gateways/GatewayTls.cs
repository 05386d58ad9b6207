using Mesh.Http.Detection;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Gateways;

/// <summary>One connection to a port of TLS: the listener whose host fits the server name best, and of its routes the one that fits best. Routes of
/// other listeners are not asked (Gateway API).</summary>
internal sealed class GatewayTls(ProxyContext context, Connection client, string gateway, int port)
{
    public async Task RunAsync()
    {
        var opening = new Opening(client);
        var patience = context.Options.HandshakeTimeout;
        await opening.RunAsync(new OpeningPatience(patience, patience, patience));
        var tcp = new OutboundTcp(context, client.Loop, null, gateway);
        await new OutboundTls(tcp, client, $"gateway {gateway} port {port}").RunAsync(opening, Match);
    }

    private TlsRuleModel? Match(ReadOnlyMemory<byte> serverName)
    {
        (GatewayListenerModel? Listener, int Fit) best = (null, -1);
        foreach (var candidate in context.Snapshots.Current.Gateways)
        {
            if (candidate.Key != gateway) continue;
            foreach (var listener in candidate.Listeners)
            {
                if (listener.Port != port || listener.Protocol != AppProtocol.Tls) continue;
                int fit = listener.Host.Specificity(serverName.Span);
                if (fit > best.Fit) best = (listener, fit);
            }
        }
        return best.Listener?.TlsRoutes?.Match(serverName.Span);
    }
}
