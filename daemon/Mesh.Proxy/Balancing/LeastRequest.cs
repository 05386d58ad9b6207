using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Balancing;

/// <summary>The less busy of two drawn at random: nearly as good as looking at all of them, without the herd that runs to the best one.</summary>
public sealed class LeastRequest : LoadBalancer
{
    public override EndpointModel Pick(ReadOnlySpan<EndpointModel> endpoints, EndpointModel? avoid, int loop, Random random)
    {
        int first = random.Next(endpoints.Length);
        if (endpoints.Length == 1) return endpoints[0];
        int second = random.Next(endpoints.Length - 1);
        if (second >= first) second++;
        var (a, b) = (endpoints[first], endpoints[second]);
        if (ReferenceEquals(a, avoid)) return b;
        if (ReferenceEquals(b, avoid)) return a;
        return b.State.Active(loop) < a.State.Active(loop) ? b : a;
    }
}
