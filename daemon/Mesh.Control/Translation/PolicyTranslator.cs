using System.Net;
using System.Text;
using Mesh.Protocol.Config;
using Mesh.Proxy.Policy;
using AccessFrom = Mesh.Proxy.Policy.AccessFrom;
using AccessRedis = Mesh.Proxy.Policy.AccessRedis;
using AccessRule = Mesh.Proxy.Policy.AccessRule;
using AccessTo = Mesh.Proxy.Policy.AccessTo;

namespace Mesh.Control.Translation;

/// <summary>Which access and mTLS policies concern a workload, and at which of its ports. Workloads that the same policies concern in the same
/// way share one <see cref="InboundPolicy"/>.</summary>
internal sealed class PolicyTranslator
{
    /// <summary>Shared results that are remembered; beyond it sharing starts over, which costs memory and nothing else.</summary>
    private const int MaxShared = 4096;

    private readonly TargetIndex<Access> access = new();
    private readonly TargetIndex<Mtls> mtls = new();
    private readonly Dictionary<string, InboundPolicy> shared = new(StringComparer.Ordinal);
    private long revisions;

    private sealed record Access(AccessPolicy Policy, AccessRule[] Rules, long Revision);

    private sealed record Mtls(MtlsPolicy Policy, MtlsModel Model, long Revision);

    /// <param name="policy">Null: it is gone.</param>
    /// <param name="concerned">Gets whom the policy concerned before and concerns now.</param>
    public void SetAccess(string name, AccessPolicy? policy, WorkloadScope concerned) => access.Set(
        name, policy?.Namespace, policy?.Targets, policy is null ? null : new Access(policy, ToRules(policy), ++revisions), concerned);

    /// <inheritdoc cref="SetAccess"/>
    public void SetMtls(string name, MtlsPolicy? policy, WorkloadScope concerned) => mtls.Set(
        name, policy?.Namespace, policy?.Targets, policy is null ? null : new Mtls(policy, ToModel(policy), ++revisions), concerned);

    /// <exception cref="NotSupportedException">It cannot be carried out; so do the others of <see cref="ResourceChecks"/>.</exception>
    public static void Check(AccessPolicy policy) => _ = ToModel(policy, ToRules(policy), 0);

    public static void Check(MtlsPolicy policy) => _ = ToModel(policy);

    public InboundPolicy Of(Workload workload)
    {
        var candidates = access.Candidates(workload);
        var encryption = MtlsOf(workload);
        if (candidates.Count == 0 && encryption is null) return InboundPolicy.Default;
        var concerning = new List<(Access Policy, int Port)>();
        foreach (var candidate in candidates)
        {
            foreach (int port in PortsConcerned(workload, candidate.Policy.Namespace, candidate.Policy.Targets)) concerning.Add((candidate, port));
        }
        return concerning.Count == 0 && encryption is null ? InboundPolicy.Default : Shared(concerning, encryption);
    }

    private InboundPolicy Shared(List<(Access Policy, int Port)> concerning, Mtls? encryption)
    {
        var text = new StringBuilder().Append(encryption?.Revision);
        foreach (var (policy, port) in concerning) text.Append(' ').Append(policy.Revision).Append(':').Append(port);
        string key = text.ToString();
        if (shared.TryGetValue(key, out var known)) return known;
        if (shared.Count >= MaxShared) shared.Clear();
        return shared[key] = new InboundPolicy(
            concerning.Select(static entry => ToModel(entry.Policy.Policy, entry.Policy.Rules, entry.Port)), encryption?.Model ?? MtlsModel.Strict);
    }

    /// <returns>The application ports at which any target concerns the workload; 0 stands for all; nothing if it is not concerned.</returns>
    private static IEnumerable<int> PortsConcerned(Workload workload, string policyNamespace, IEnumerable<Target> targets)
    {
        var ports = new SortedSet<int>();
        foreach (var target in targets)
        {
            if (target.Service.Length > 0) ports.UnionWith(PortsBehind(workload, target));
            else if (Concerns(target, workload, policyNamespace)) ports.Add((int)target.Port);
        }
        return ports.Contains(0) ? [0] : ports;
    }

    private static IEnumerable<int> PortsBehind(Workload workload, Target target) =>
        workload.Services.TryGetValue(target.Service, out var mapping)
            ? mapping.Ports.Where(p => target.Port == 0 || p.ServicePort == target.Port).Select(static p => (int)p.TargetPort)
            : [];

    private static bool Concerns(Target target, Workload workload, string policyNamespace)
    {
        if (target.Mesh) return true;
        if (target.Workload.Length > 0) return target.Workload == $"{workload.Namespace}/{workload.Name}";
        if (workload.Namespace != policyNamespace) return false;
        return target.Selector.All(label => workload.Labels.TryGetValue(label.Key, out string? value) && value == label.Value);
    }

    private static AccessRule[] ToRules(AccessPolicy policy) => [.. policy.Rules.Select(ToRule)];

    private static AccessPolicyModel ToModel(AccessPolicy policy, AccessRule[] rules, int port) =>
        new($"{policy.Namespace}/{policy.Name}", ToAction(policy), rules, policy.DryRun, port);

    private static AccessAction ToAction(AccessPolicy policy) => policy.Action switch
    {
        AccessPolicy.Types.Action.Allow => AccessAction.Allow,
        AccessPolicy.Types.Action.Deny => AccessAction.Deny,
        AccessPolicy.Types.Action.Audit => AccessAction.Audit,
        _ => throw new InvalidOperationException($"an access policy's action cannot be {policy.Action}"),
    };

    /// <summary>The most specific, then the oldest, then by name (Gateway API policy attachment); null: the default.</summary>
    private Mtls? MtlsOf(Workload workload) => mtls.Candidates(workload)
        .Select(entry => (Entry: entry, Rank: entry.Policy.Targets.Select(target => MtlsRank(target, workload, entry.Policy.Namespace)).DefaultIfEmpty().Max()))
        .Where(static ranked => ranked.Rank > 0)
        .OrderByDescending(static ranked => ranked.Rank)
        .ThenBy(static ranked => ranked.Entry.Policy.CreatedUnixMs)
        .ThenBy(static ranked => ranked.Entry.Policy.Namespace, StringComparer.Ordinal)
        .ThenBy(static ranked => ranked.Entry.Policy.Name, StringComparer.Ordinal)
        .FirstOrDefault().Entry;

    private static MtlsModel ToModel(MtlsPolicy policy) =>
        new($"{policy.Namespace}/{policy.Name}", IsStrict(policy.Mode), policy.Ports.ToDictionary(static p => (int)p.Key, static p => IsStrict(p.Value)));

    private static bool IsStrict(MtlsPolicy.Types.Mode mode) => mode switch
    {
        MtlsPolicy.Types.Mode.Strict => true,
        MtlsPolicy.Types.Mode.Permissive => false,
        _ => throw new NotSupportedException($"the mTLS mode {mode} is not known"),
    };

    private static int MtlsRank(Target target, Workload workload, string policyNamespace)
    {
        bool concerned = target.Service.Length > 0 ? workload.Services.ContainsKey(target.Service) : Concerns(target, workload, policyNamespace);
        if (!concerned) return 0;
        return target.Workload.Length > 0 ? 5 : target.Selector.Count > 0 ? 4 : target.Service.Length > 0 ? 3 : target.Mesh ? 1 : 2;
    }

    /// <summary>A condition that is not carried out would let in more than the policy says.</summary>
    private static AccessRule ToRule(Protocol.Config.AccessRule rule) => rule.When.Count == 0
        ? new AccessRule([.. rule.From.Select(ToFrom)], [.. rule.To.Select(ToTo)])
        : throw new NotSupportedException("conditions on claims (when) are not carried out by this version");

    private static AccessFrom ToFrom(Protocol.Config.AccessFrom from) => new(
        Texts(from.Principals, from.NotPrincipals),
        Texts(from.Namespaces, from.NotNamespaces),
        new Either<(string, string)>([.. from.ServiceAccounts.Select(Split)], [.. from.NotServiceAccounts.Select(Split)]),
        new Either<IPNetwork>([.. from.IpBlocks.Select(ParseNetwork)], [.. from.NotIpBlocks.Select(ParseNetwork)]));

    private static AccessTo ToTo(Protocol.Config.AccessTo to) => new(
        Texts(to.Hosts, to.NotHosts),
        new Either<TextMatch>([.. to.Methods.Select(Exact)], [.. to.NotMethods.Select(Exact)]),
        Texts(to.Paths, to.NotPaths),
        new Either<int>([.. to.Ports.Select(static p => (int)p)], [.. to.NotPorts.Select(static p => (int)p)]))
    {
        Redis = to.Redis is { } redis ? ToRedis(redis) : null,
    };

    private static AccessRedis ToRedis(Protocol.Config.AccessRedis redis) => new(
        new Either<RedisCommandMatch>([.. redis.Commands.Select(ToCommand)], [.. redis.NotCommands.Select(ToCommand)]),
        new Either<byte[]>([.. redis.KeyPrefixes.Select(Encoding.UTF8.GetBytes)], [.. redis.NotKeyPrefixes.Select(Encoding.UTF8.GetBytes)]));

    private static RedisCommandMatch ToCommand(string command) => new(command);

    private static Either<TextMatch> Texts(IEnumerable<StringMatch> any, IEnumerable<StringMatch> none) => new([.. any.Select(ToText)], [.. none.Select(ToText)]);

    private static TextMatch ToText(StringMatch match) => new(match.Kind switch
    {
        StringMatch.Types.Kind.Exact => TextMatchKind.Exact,
        StringMatch.Types.Kind.Prefix => TextMatchKind.Prefix,
        StringMatch.Types.Kind.Suffix => TextMatchKind.Suffix,
        StringMatch.Types.Kind.Present => TextMatchKind.Present,
        _ => throw new InvalidOperationException($"a policy value cannot be a {match.Kind}"),
    }, match.Value);

    private static TextMatch Exact(string value) => new(TextMatchKind.Exact, value);

    private static (string, string) Split(string account)
    {
        int slash = account.IndexOf('/');
        return (account[..slash], account[(slash + 1)..]);
    }

    private static IPNetwork ParseNetwork(string block) => IPNetwork.Parse(block);
}
