namespace Mesh.Proxy.Policy;

public enum AccessAction
{
    Allow,
    Deny,
    Audit,
}

/// <param name="Name">namespace/name of the resource, for explanations.</param>
public sealed record AccessPolicyModel(string Name, AccessAction Action, AccessRule[] Rules, bool DryRun, int Port)
{
    /// <summary>Whether the policy speaks about this port; 0 is every port.</summary>
    internal bool Concerns(int port) => Port == 0 || Port == port;

    /// <summary>The reason that clients and logs get.</summary>
    internal string DeniedBy { get; } = $"denied by AccessPolicy {Name}";

    internal Verdict Holds(in AccessQuestion question)
    {
        var best = Verdict.No;
        foreach (var rule in Rules)
        {
            var verdict = rule.Holds(question);
            if (verdict > best) best = verdict;
            if (best == Verdict.Yes) break;
        }
        return best;
    }
}

/// <param name="Rule">Which resource decided; empty when the default did.</param>
public readonly record struct AccessDecision(bool Allowed, string Rule, string Reason);

/// <summary>Everything a node enforces for one workload on the way in.
/// <para>Order (the field's): any Deny that matches denies; without Allow policies everyone in the mesh is allowed; with them, one must match.
/// A condition on requests that cannot be judged on an opaque connection counts against the client: it fulfils a Deny and does not fulfil an Allow.
/// Policies in dry run decide nothing.</para></summary>
public sealed class InboundPolicy
{
    public static readonly InboundPolicy Default = new([], MtlsModel.Strict);

    private readonly AccessPolicyModel[] deny;
    private readonly AccessPolicyModel[] allow;

    public InboundPolicy(IEnumerable<AccessPolicyModel> policies, MtlsModel mtls)
    {
        var enforced = policies.Where(static p => !p.DryRun).ToList();
        deny = [.. enforced.Where(static p => p.Action == AccessAction.Deny)];
        allow = [.. enforced.Where(static p => p.Action == AccessAction.Allow)];
        Mtls = mtls;
    }

    public MtlsModel Mtls { get; }

    /// <summary>Some policy on this port looks at requests, so opaque forwarding is not enough.</summary>
    public bool NeedsHttp(int port) => deny.Concat(allow).Any(p => p.Concerns(port) && p.Rules.Any(static r => r.NeedsHttp));

    /// <summary>Some policy on this port looks at Redis commands.</summary>
    public bool NeedsRedis(int port) => deny.Concat(allow).Any(p => p.Concerns(port) && p.Rules.Any(static r => r.NeedsRedis));

    /// <summary>What of it concerns one client at one port: the same decisions, without asking who for every command.</summary>
    public InboundPolicy NarrowedTo(AccessQuestion client) => new(deny.Concat(allow).Where(p => p.Concerns(client.Port)).Select(p => p with
    {
        Rules = [.. p.Rules.Where(rule => rule.HoldsFrom(client)).Select(static rule => rule with { From = [] })],
    }), Mtls);

    public AccessDecision Decide(in AccessQuestion question)
    {
        if (question.Principal is null && Mtls.IsStrict(question.Port))
            return new(false, Mtls.Name, $"port {question.Port} takes mutual TLS only ({(Mtls.Name.Length == 0 ? "the default" : Mtls.Name)})");
        var denying = question with { Denying = true };
        foreach (var policy in deny)
        {
            if (policy.Concerns(question.Port) && Fulfils(policy.Holds(denying), forDeny: true, question.HttpPending))
                return new(false, policy.Name, policy.DeniedBy);
        }
        return DecideAllow(question);
    }

    private AccessDecision DecideAllow(in AccessQuestion question)
    {
        bool any = false;
        foreach (var policy in allow)
        {
            if (!policy.Concerns(question.Port)) continue;
            any = true;
            if (Fulfils(policy.Holds(question), forDeny: false, question.HttpPending)) return new(true, policy.Name, "");
        }
        return any
            ? new(false, "", $"no AccessPolicy allows {question.Principal?.ToString() ?? "a client without identity"} on port {question.Port}")
            : new(true, "", "");
    }

    private static bool Fulfils(Verdict verdict, bool forDeny, bool pending) => verdict switch
    {
        Verdict.Yes => true,
        Verdict.No => false,
        _ => forDeny != pending,
    };
}

/// <summary>Whether plaintext may come in, by port. Strict unless a policy says otherwise.</summary>
public sealed class MtlsModel(string name, bool strict, IReadOnlyDictionary<int, bool> strictByPort)
{
    public static readonly MtlsModel Strict = new("", true, new Dictionary<int, bool>());

    /// <summary>namespace/name of the policy in force; empty for the default.</summary>
    public string Name { get; } = name;

    public bool IsStrict(int port) => strictByPort.TryGetValue(port, out bool value) ? value : strict;
}
