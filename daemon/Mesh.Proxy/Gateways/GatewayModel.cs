using System.Net;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Gateways;

/// <summary>A Gateway as this machine serves it.</summary>
public sealed record GatewayModel(string Key, IReadOnlyList<Ip> Addresses, IReadOnlyList<GatewayListenerModel> Listeners, TelemetryModel Telemetry);

/// <summary>One explicit port. HTTP listeners route by host and path, TLS listeners by server name; TCP listeners have one set of backends.</summary>
public sealed class GatewayListenerModel
{
    public required string Name { get; init; }
    public required int Port { get; init; }
    public required AppProtocol Protocol { get; init; }
    public HttpRouteTable? HttpRoutes { get; init; }
    public BackendModel[] TcpBackends { get; init; } = [];
    public TlsRouteTable? TlsRoutes { get; init; }

    /// <summary>Which hosts, or server names, are its own where several listeners share a port.</summary>
    public HostPattern Host { get; init; } = HostPattern.Any;

    /// <summary>Connections from these blocks begin with a PROXY header, others never.</summary>
    public IPNetwork[] ProxyProtocolFrom { get; init; } = [];
}
