using System.Net;
using Mesh.Protocol.Config;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;
using ReadReplicas = Mesh.Proxy.Configuration.ReadReplicas;

namespace Mesh.Control.Translation;

/// <summary>Which TrafficPolicy is in force for a service port: the most specific, then the oldest, then by name (Gateway API policy attachment).</summary>
internal sealed class TrafficTranslator(int loops, Random random)
{
    private static readonly LeastRequest LeastRequest = new();
    private static readonly RandomChoice RandomChoice = new();

    private readonly Dictionary<string, TrafficPolicy> policies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<TrafficPolicy>> byService = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<TrafficPolicy>> byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<TrafficPolicy>> byGateway = new(StringComparer.Ordinal);
    private readonly HashSet<TrafficPolicy> everywhere = new(ReferenceEqualityComparer.Instance);

    /// <exception cref="OverflowException">It cannot be carried out.</exception>
    public static void Check(TrafficPolicy policy)
    {
        _ = Settings(policy);
        _ = Blocks(policy);
    }

    /// <param name="policy">Null: it is gone.</param>
    /// <param name="concerned">Gets the services and namespaces that it concerned before and concerns now.</param>
    public void Set(string name, TrafficPolicy? policy, WorkloadScope concerned)
    {
        if (policies.Remove(name, out var before)) Index(before, concerned, static (set, old) => set.Remove(old));
        if (policy is null) return;
        policies.Add(name, policy);
        Index(policy, concerned, static (set, added) => set.Add(added));
    }

    /// <param name="current">The balancer that is in force; kept, with its place in the row, where the algorithm is still the same.</param>
    public (LoadBalancer Balancer, TrafficSettings Settings) Of(string service, string serviceNamespace, int port, LoadBalancer? current)
    {
        if (policies.Count == 0) return (LeastRequest, TrafficSettings.Default);
        var policy = Candidates(service, serviceNamespace)
            .Select(p => (Policy: p, Rank: Rank(p, service, serviceNamespace, port)))
            .Where(static ranked => ranked.Rank > 0)
            .OrderByDescending(static ranked => ranked.Rank)
            .ThenBy(static ranked => ranked.Policy.CreatedUnixMs)
            .ThenBy(static ranked => ranked.Policy.Namespace, StringComparer.Ordinal)
            .ThenBy(static ranked => ranked.Policy.Name, StringComparer.Ordinal)
            .FirstOrDefault().Policy;
        return policy is null ? (LeastRequest, TrafficSettings.Default) : (Balancer(policy, current), Settings(policy));
    }

    /// <returns>From where connections to a listener begin with a PROXY header: what the policy of the listener says, else that of the gateway.</returns>
    public IPNetwork[] ProxyProtocolFrom(string gateway, string listener)
    {
        var policy = (byGateway.GetValueOrDefault(gateway) ?? [])
            .Select(p => (Policy: p, Rank: p.Targets.Max(target => target.Gateway != gateway ? 0 : target.Listener == listener ? 2 : target.Listener.Length == 0 ? 1 : 0)))
            .Where(static ranked => ranked.Rank > 0)
            .OrderByDescending(static ranked => ranked.Rank)
            .ThenBy(static ranked => ranked.Policy.CreatedUnixMs)
            .ThenBy(static ranked => ranked.Policy.Namespace, StringComparer.Ordinal)
            .ThenBy(static ranked => ranked.Policy.Name, StringComparer.Ordinal)
            .FirstOrDefault().Policy;
        return policy is null ? [] : Blocks(policy);
    }

    private static IPNetwork[] Blocks(TrafficPolicy policy) => [.. (policy.ProxyProtocol?.AcceptFrom ?? []).Select(static block => IPNetwork.Parse(block))];

    private IEnumerable<TrafficPolicy> Candidates(string service, string serviceNamespace) =>
        everywhere.Concat(byNamespace.GetValueOrDefault(serviceNamespace) ?? []).Concat(byService.GetValueOrDefault(service) ?? []);

    private void Index(TrafficPolicy policy, WorkloadScope concerned, Action<HashSet<TrafficPolicy>, TrafficPolicy> change)
    {
        foreach (var target in policy.Targets)
        {
            concerned.Add(target, policy.Namespace);
            if (target.Service.Length > 0) Change(byService, target.Service, policy, change);
            else if (target.Gateway.Length > 0) Change(byGateway, target.Gateway, policy, change);
            else if (target.Mesh) change(everywhere, policy);
            else if (IsWide(target)) Change(byNamespace, policy.Namespace, policy, change);
        }
    }

    private static void Change(
        Dictionary<string, HashSet<TrafficPolicy>> index, string key, TrafficPolicy policy, Action<HashSet<TrafficPolicy>, TrafficPolicy> change)
    {
        if (!index.TryGetValue(key, out var set)) index.Add(key, set = new(ReferenceEqualityComparer.Instance));
        change(set, policy);
        if (set.Count == 0) index.Remove(key);
    }

    private static int Rank(TrafficPolicy policy, string service, string serviceNamespace, int port) => policy.Targets.Select(target =>
        target.Service == service && target.Port == port ? 4
        : target.Service == service && target.Port == 0 ? 3
        : IsWide(target) && policy.Namespace == serviceNamespace ? 2
        : target.Mesh ? 1 : 0).DefaultIfEmpty().Max();

    private static bool IsWide(Target target) =>
        target.Service.Length == 0 && target.Gateway.Length == 0 && target.Workload.Length == 0 && target.Selector.Count == 0 && !target.Mesh;

    private LoadBalancer Balancer(TrafficPolicy policy, LoadBalancer? current) => policy.LoadBalancer switch
    {
        TrafficPolicy.Types.LoadBalancer.RoundRobin => current as RoundRobin ?? new RoundRobin(loops, random),
        TrafficPolicy.Types.LoadBalancer.Random => RandomChoice,
        _ => LeastRequest,
    };

    private static bool Sends(ProxyProtocol.Types.Version version) => version switch
    {
        ProxyProtocol.Types.Version.None => false,
        ProxyProtocol.Types.Version.V2 => true,
        _ => throw new NotSupportedException($"version {version} of the PROXY protocol is not known"),
    };

    private static ReadReplicas Replicas(Protocol.Config.ReadReplicas replicas) => replicas.Service.Contains('/') && replicas.Port is > 0 and <= ushort.MaxValue
        ? new ReadReplicas(replicas.Service, (int)replicas.Port, TimeSpan.FromMilliseconds(replicas.AfterWriteMs))
        : throw new InvalidOperationException($"port {replicas.Port} of '{replicas.Service}' cannot be where replicas are");

    private static TrafficSettings Settings(TrafficPolicy policy)
    {
        var defaults = TrafficSettings.Default;
        return new TrafficSettings
        {
            ConnectTimeout = policy.ConnectTimeoutMs > 0 ? TimeSpan.FromMilliseconds(policy.ConnectTimeoutMs) : defaults.ConnectTimeout,
            RequestTimeout = TimeSpan.FromMilliseconds(policy.RequestTimeoutMs),
            IdleTimeout = TimeSpan.FromMilliseconds(policy.IdleTimeoutMs),
            SendsProxyHeader = policy.ProxyProtocol is { } proxy && Sends(proxy.Send),
            ConnectRetries = policy.Retries is { } retries ? (retries.OnConnectFailure ? (int)retries.Attempts : 0) : defaults.ConnectRetries,
            ReadReplicas = policy.RedisReadReplicas is { } replicas ? Replicas(replicas) : null,
        };
    }
}
