using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Balancing;

/// <summary>Chooses an endpoint for one request. Called on loops; keeps per-loop state only.</summary>
public abstract class LoadBalancer
{
    /// <param name="endpoints">Those that may take the request; never empty.</param>
    /// <param name="avoid">The endpoint that just failed; chosen only if there is no other.</param>
    public abstract EndpointModel Pick(ReadOnlySpan<EndpointModel> endpoints, EndpointModel? avoid, int loop, Random random);

    protected static EndpointModel SkipAvoided(ReadOnlySpan<EndpointModel> endpoints, int index, EndpointModel? avoid) =>
        ReferenceEquals(endpoints[index], avoid) ? endpoints[(index + 1) % endpoints.Length] : endpoints[index];
}
