using System.Net;
using Mesh.Protocol.Config;
using Mesh.Proxy.Policy;
using AccessFrom = Mesh.Proxy.Policy.AccessFrom;
using AccessRule = Mesh.Proxy.Policy.AccessRule;
using AccessTo = Mesh.Proxy.Policy.AccessTo;

namespace Mesh.Control.Translation;

/// <summary>Which access and mTLS policies concern a workload, and at which of its ports.</summary>
internal sealed class PolicyTranslator(ResourceGroups groups)
{
    private readonly Dictionary<AccessPolicy, AccessRule[]> rules =
        groups.AccessPolicies.ToDictionary(static p => p, static p => p.Rules.Select(ToRule).ToArray(), ReferenceEqualityComparer.Instance as IEqualityComparer<AccessPolicy>);

    /// <summary>Every policy, whomever it concerns: for checks.</summary>
    public void TranslateAll()
    {
        foreach (var policy in groups.AccessPolicies) _ = ToModel(policy, 0);
    }

    public InboundPolicy Of(Workload workload)
    {
        var access = new List<AccessPolicyModel>();
        foreach (var policy in groups.AccessPolicies)
        {
            foreach (int port in PortsConcerned(workload, policy.Namespace, policy.Targets)) access.Add(ToModel(policy, port));
        }
        return new InboundPolicy(access, MtlsOf(workload));
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

    private AccessPolicyModel ToModel(AccessPolicy policy, int port) =>
        new($"{policy.Namespace}/{policy.Name}", ToAction(policy), rules[policy], policy.DryRun, port);

    private static AccessAction ToAction(AccessPolicy policy) => policy.Action switch
    {
        AccessPolicy.Types.Action.Allow => AccessAction.Allow,
        AccessPolicy.Types.Action.Deny => AccessAction.Deny,
        AccessPolicy.Types.Action.Audit => AccessAction.Audit,
        _ => throw new InvalidOperationException($"an access policy's action cannot be {policy.Action}"),
    };

    private MtlsModel MtlsOf(Workload workload)
    {
        var policy = groups.MtlsPolicies
            .Select(p => (Policy: p, Rank: p.Targets.Select(target => MtlsRank(target, workload, p.Namespace)).DefaultIfEmpty().Max()))
            .Where(static ranked => ranked.Rank > 0)
            .OrderByDescending(static ranked => ranked.Rank)
            .ThenBy(static ranked => ranked.Policy.CreatedUnixMs)
            .ThenBy(static ranked => ranked.Policy.Name, StringComparer.Ordinal)
            .FirstOrDefault().Policy;
        if (policy is null) return MtlsModel.Strict;
        var byPort = policy.Ports.ToDictionary(static p => (int)p.Key, static p => p.Value == MtlsPolicy.Types.Mode.Strict);
        return new MtlsModel($"{policy.Namespace}/{policy.Name}", policy.Mode == MtlsPolicy.Types.Mode.Strict, byPort);
    }

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
        new Either<int>([.. to.Ports.Select(static p => (int)p)], [.. to.NotPorts.Select(static p => (int)p)]));

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
