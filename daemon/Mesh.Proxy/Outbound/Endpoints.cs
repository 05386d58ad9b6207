using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

internal static class Endpoints
{
    /// <exception cref="ProxyException">UH: the service has none.</exception>
    public static EndpointModel Pick(ServicePortModel service, EndpointModel? avoid, int loop, Random random)
    {
        var endpoints = service.Endpoints;
        if (endpoints.Length == 0)
            throw new ProxyException(new Failure(ResponseFlag.UH, FailureSide.Upstream, FailureStage.Routing,
                $"service {service.ServiceKey} port {service.Port} has no healthy endpoint"));
        return endpoints.Length == 1 ? endpoints[0] : service.Balancer.Pick(endpoints, avoid, loop, random);
    }
}
