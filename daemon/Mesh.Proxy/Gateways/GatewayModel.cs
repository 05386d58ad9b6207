using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Gateways;

/// <summary>A Gateway as this machine serves it.</summary>
public sealed record GatewayModel(string Key, IReadOnlyList<Ip> Addresses, IReadOnlyList<GatewayListenerModel> Listeners, TelemetryModel Telemetry);

/// <summary>One explicit port. HTTP listeners route by host and path; TCP listeners have one set of backends.</summary>
public sealed class GatewayListenerModel
{
    public required string Name { get; init; }
    public required int Port { get; init; }
    public required AppProtocol Protocol { get; init; }
    public HttpRouteTable? HttpRoutes { get; init; }
    public BackendModel[] TcpBackends { get; init; } = [];
}
