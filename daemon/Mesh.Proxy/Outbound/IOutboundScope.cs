using Mesh.Http;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Outbound;

/// <summary>What a downstream connection was made to: a service's port, or a gateway's listener. Belongs to one connection.</summary>
internal interface IOutboundScope
{
    /// <summary>For messages; of a port with several listeners the one that was asked last.</summary>
    string Name { get; }

    /// <summary>Follows the configuration to the newest snapshot; false when the thing is gone.</summary>
    bool Refresh(Snapshot snapshot);

    /// <returns>Null: no route is attached there.</returns>
    HttpRouteTable? RoutesOf(RequestHead request);

    /// <summary>What is recorded about the traffic of whom this scope serves.</summary>
    TelemetryModel TelemetryIn(Snapshot snapshot);

    /// <summary>Null for a gateway, which has no endpoints of its own.</summary>
    ServicePortModel? Service { get; }
}

/// <param name="sourceUid">The workload that called.</param>
internal sealed class ServiceScope(string sourceUid, string key, int port) : IOutboundScope
{
    private Snapshot? seen;

    public string Name => $"service {key} port {port}";
    public ServicePortModel? Service { get; private set; }

    public HttpRouteTable? RoutesOf(RequestHead request) => Service?.HttpRoutes;

    public TelemetryModel TelemetryIn(Snapshot snapshot) => snapshot.TelemetryOfWorkload(sourceUid);

    public bool Refresh(Snapshot snapshot)
    {
        if (ReferenceEquals(seen, snapshot)) return Service is not null;
        seen = snapshot;
        Service = snapshot.FindServicePort(key, port);
        return Service is not null;
    }
}
