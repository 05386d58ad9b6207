using Mesh.Http;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Gateways;

/// <summary>One loop's share of a port of HTTP. Each request is for the listener whose host fits its own best; routes of other listeners are not asked
/// (Gateway API).</summary>
internal sealed class GatewayScope(string gateway, int port) : IOutboundScope
{
    private static readonly HttpRouteTable noRoutes = new([]);

    private Snapshot? seen;
    private GatewayListenerModel[] listeners = [];
    private GatewayListenerModel? asked;

    public string Name => asked is null ? $"gateway {gateway} port {port}" : $"gateway {gateway} listener {asked.Name}";

    public ServicePortModel? Service => null;

    public TelemetryModel TelemetryIn(Snapshot snapshot) => snapshot.TelemetryOfGateway(gateway);

    public bool Refresh(Snapshot snapshot)
    {
        if (ReferenceEquals(seen, snapshot)) return listeners.Length > 0;
        seen = snapshot;
        listeners = [.. snapshot.Gateways.Where(candidate => candidate.Key == gateway).SelectMany(static candidate => candidate.Listeners)
            .Where(listener => listener.Port == port && listener.Protocol == AppProtocol.Http1)];
        return listeners.Length > 0;
    }

    public HttpRouteTable? RoutesOf(RequestHead request)
    {
        asked = listeners.Length == 1 ? listeners[0] : BestFor(request.Host);
        return asked?.HttpRoutes ?? noRoutes;
    }

    private GatewayListenerModel? BestFor(ReadOnlySpan<byte> host)
    {
        (GatewayListenerModel? Listener, int Fit) best = (null, -1);
        foreach (var listener in listeners)
        {
            int fit = listener.Host.Specificity(host);
            if (fit > best.Fit) best = (listener, fit);
        }
        return best.Listener;
    }
}
