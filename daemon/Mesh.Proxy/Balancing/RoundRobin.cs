using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Balancing;

/// <summary>Each loop walks the endpoints on its own, starting at a random one so that loops and nodes do not march in step.</summary>
public sealed class RoundRobin : LoadBalancer
{
    private readonly int[] next;

    public RoundRobin(int loops, Random random)
    {
        next = new int[loops];
        for (int i = 0; i < loops; i++) next[i] = random.Next(1 << 20);
    }

    public override EndpointModel Pick(ReadOnlySpan<EndpointModel> endpoints, EndpointModel? avoid, int loop, Random random)
    {
        uint turn = (uint)next[loop]++;
        return SkipAvoided(endpoints, (int)(turn % (uint)endpoints.Length), avoid);
    }
}
