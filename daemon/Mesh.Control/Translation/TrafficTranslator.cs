using Mesh.Protocol.Config;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>Which TrafficPolicy is in force for a service port: the most specific, then the oldest, then by name (Gateway API policy attachment).</summary>
internal sealed class TrafficTranslator(List<TrafficPolicy> policies, int loops, Random random)
{
    private static readonly LeastRequest LeastRequest = new();
    private static readonly RandomChoice RandomChoice = new();

    public (LoadBalancer Balancer, TrafficSettings Settings) Of(string service, string serviceNamespace, int port)
    {
        var policy = policies
            .Select(p => (Policy: p, Rank: Rank(p, service, serviceNamespace, port)))
            .Where(static ranked => ranked.Rank > 0)
            .OrderByDescending(static ranked => ranked.Rank)
            .ThenBy(static ranked => ranked.Policy.CreatedUnixMs)
            .ThenBy(static ranked => ranked.Policy.Name, StringComparer.Ordinal)
            .FirstOrDefault().Policy;
        return policy is null ? (LeastRequest, TrafficSettings.Default) : (Balancer(policy), Settings(policy));
    }

    private static int Rank(TrafficPolicy policy, string service, string serviceNamespace, int port) => policy.Targets.Select(target =>
        target.Service == service && target.Port == port ? 4
        : target.Service == service && target.Port == 0 ? 3
        : IsWide(target) && policy.Namespace == serviceNamespace ? 2
        : target.Mesh ? 1 : 0).DefaultIfEmpty().Max();

    private static bool IsWide(Target target) =>
        target.Service.Length == 0 && target.Workload.Length == 0 && target.Selector.Count == 0 && !target.Mesh;

    private LoadBalancer Balancer(TrafficPolicy policy) => policy.LoadBalancer switch
    {
        TrafficPolicy.Types.LoadBalancer.RoundRobin => new RoundRobin(loops, random),
        TrafficPolicy.Types.LoadBalancer.Random => RandomChoice,
        _ => LeastRequest,
    };

    private static TrafficSettings Settings(TrafficPolicy policy)
    {
        var defaults = TrafficSettings.Default;
        return new TrafficSettings
        {
            ConnectTimeout = policy.ConnectTimeoutMs > 0 ? TimeSpan.FromMilliseconds(policy.ConnectTimeoutMs) : defaults.ConnectTimeout,
            RequestTimeout = TimeSpan.FromMilliseconds(policy.RequestTimeoutMs),
            ConnectRetries = policy.Retries is { } retries ? (retries.OnConnectFailure ? (int)retries.Attempts : 0) : defaults.ConnectRetries,
        };
    }
}
