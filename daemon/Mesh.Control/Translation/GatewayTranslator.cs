using Mesh.Io;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>Gateways with the routes that are attached to their listeners. There are few: a change makes all of them anew.</summary>
internal sealed class GatewayTranslator(RouteTranslator routes, TelemetryTranslator telemetry, TrafficTranslator traffic)
{
    private readonly SortedDictionary<string, Gateway> gateways = new(StringComparer.Ordinal);
    private bool changed;

    /// <summary>In order of their names.</summary>
    public IReadOnlyList<GatewayModel> Models { get; private set; } = [];

    /// <exception cref="NotSupportedException">It cannot be carried out.</exception>
    public static void Check(Gateway gateway) => _ = ToModel(gateway, new RouteTranslator(), new TrafficTranslator(1, new Random(0)), TelemetryModel.Default);

    /// <param name="gateway">Null: it is gone.</param>
    public void Set(string name, Gateway? gateway)
    {
        if (gateway is null) gateways.Remove(name);
        else gateways[name] = gateway;
        changed = true;
    }

    public void Reattach() => changed = true;

    public void Settle()
    {
        if (!changed) return;
        Models = [.. gateways.Values.Select(gateway => ToModel(gateway, routes, traffic, telemetry.Of(gateway)))];
        changed = false;
    }

    private static GatewayModel ToModel(Gateway gateway, RouteTranslator routes, TrafficTranslator traffic, TelemetryModel telemetry)
    {
        string key = $"{gateway.Namespace}/{gateway.Name}";
        return new GatewayModel(key, [.. gateway.Addresses.Select(static a => Ip.FromBytes(a.Span))],
            [.. gateway.Listeners.Select(listener => new GatewayListenerModel
            {
                Name = listener.Name,
                Port = (int)listener.Port,
                Protocol = ToProtocol(listener),
                HttpRoutes = routes.HttpOf(ParentRef.Types.Kind.Gateway, key, (int)listener.Port, listener.Name, listener.Hostname),
                TcpBackends = routes.TcpOf(ParentRef.Types.Kind.Gateway, key, (int)listener.Port, listener.Name),
                TlsRoutes = routes.TlsOf(ParentRef.Types.Kind.Gateway, key, (int)listener.Port, listener.Name, listener.Hostname),
                Host = new HostPattern(listener.Hostname),
                ProxyProtocolFrom = traffic.ProxyProtocolFrom(key, listener.Name),
            })], telemetry);
    }

    /// <summary>A listener that should be encrypted must not be opened in clear.</summary>
    private static Proxy.Configuration.AppProtocol ToProtocol(GatewayListener listener) => listener.Protocol switch
    {
        GatewayListener.Types.Protocol.Http => Proxy.Configuration.AppProtocol.Http1,
        GatewayListener.Types.Protocol.Tls => Proxy.Configuration.AppProtocol.Tls,
        GatewayListener.Types.Protocol.Tcp => Proxy.Configuration.AppProtocol.Tcp,
        _ => throw new NotSupportedException($"listener {listener.Name}: {listener.Protocol} is not carried out by this version"),
    };
}
