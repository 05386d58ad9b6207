using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Balancing;

public sealed class RandomChoice : LoadBalancer
{
    public override EndpointModel Pick(ReadOnlySpan<EndpointModel> endpoints, EndpointModel? avoid, int loop, Random random) =>
        SkipAvoided(endpoints, random.Next(endpoints.Length), avoid);
}
