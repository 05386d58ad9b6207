using System.Net;
using Mesh.Http;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Policy;

namespace Mesh.Tests.Unit.Proxy;

/// <summary>Random policies and questions against a model written from the documentation's words, with strings and LINQ.</summary>
public sealed class AccessPolicyModelTests
{
    private static readonly string[] Names = ["a", "b", "ab"];
    private static readonly string[] Paths = ["/a", "/a/b", "/b"];
    private static readonly int[] Ports = [80, 81];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_policies_decide_as_the_reference_model_does(int seed)
    {
        var random = new Random(seed);
        int denied = 0;
        for (int i = 0; i < 5000; i++)
        {
            var policies = Enumerable.Range(0, random.Next(4)).Select(n => RandomPolicy(random, $"p/{n}")).ToArray();
            var question = RandomQuestion(random);
            bool strict = random.Next(2) == 0;
            var subject = new InboundPolicy(policies, new MtlsModel("", strict, new Dictionary<int, bool>()));
            bool expected = Reference(policies, strict, question);
            Assert.True(expected == subject.Decide(question).Allowed, $"seed {seed}, case {i}: expected {(expected ? "allowed" : "denied")}");
            if (!expected) denied++;
        }
        Assert.InRange(denied, 1000, 4500);
    }

    private static bool Reference(AccessPolicyModel[] policies, bool strict, AccessQuestion question)
    {
        if (strict && question.Principal is null) return false;
        var concerned = policies.Where(p => !p.DryRun && (p.Port == 0 || p.Port == question.Port)).ToList();
        // What is open: true when the request could still decide either way.
        bool Denies(AccessPolicyModel p) => Outcomes(p, question) is var o && (question.HttpPending ? o.All(static x => x) : o.Any(static x => x));
        bool Allows(AccessPolicyModel p) => Outcomes(p, question) is var o && (question.HttpPending ? o.Any(static x => x) : o.All(static x => x));
        if (concerned.Where(static p => p.Action == AccessAction.Deny).Any(Denies)) return false;
        var allow = concerned.Where(static p => p.Action == AccessAction.Allow).ToList();
        return allow.Count == 0 || allow.Any(Allows);
    }

    /// <summary>The known request's outcome; or, for an unknown one, what it would be if every condition on requests held, and if none did.</summary>
    private static bool[] Outcomes(AccessPolicyModel policy, AccessQuestion question) =>
        question.Http is not null ? [Holds(policy, question, null)] : [Holds(policy, question, true), Holds(policy, question, false)];

    private static bool Holds(AccessPolicyModel policy, AccessQuestion q, bool? unknown) =>
        policy.Rules.Any(rule => (rule.From.Length == 0 || rule.From.Any(f => From(f, q))) && (rule.To.Length == 0 || rule.To.Any(t => To(t, q, unknown))));

    private static bool From(AccessFrom from, AccessQuestion q) =>
        Holds(from.Namespaces, m => q.Principal is not null && m.Holds(q.Principal.Namespace.AsSpan()))
        && Holds(from.ServiceAccounts, a => q.Principal is not null && (q.Principal.Namespace, q.Principal.ServiceAccount) == a)
        && Holds(from.IpBlocks, n => n.Contains(q.Client.ToIPAddress()));

    private static bool To(AccessTo to, AccessQuestion q, bool? unknown)
    {
        if (!Holds(to.Ports, p => p == q.Port)) return false;
        bool conditional = to.Methods.Any.Length + to.Methods.None.Length + to.Paths.Any.Length + to.Paths.None.Length > 0;
        if (q.Http is null) return !conditional || unknown!.Value;
        return Holds(to.Methods, m => m.Holds(q.Http.Method.Span)) && Holds(to.Paths, m => m.Holds(q.Http.Path));
    }

    private static bool Holds<T>(Either<T> either, Func<T, bool> holds) => !either.None.Any(holds) && (either.Any.Length == 0 || either.Any.Any(holds));

    private static AccessPolicyModel RandomPolicy(Random random, string name) => new(
        name, random.Next(2) == 0 ? AccessAction.Allow : AccessAction.Deny,
        Several(random, 4, () => new AccessRule(Several(random, 2, () => RandomFrom(random)), Several(random, 2, () => RandomTo(random)))),
        DryRun: random.Next(6) == 0, Port: random.Next(3) == 0 ? Pick(random, Ports) : 0);

    private static AccessFrom RandomFrom(Random random) => new(
        Either<TextMatch>.Unset,
        Some(random, () => Text(random, Names)),
        Some(random, () => (Pick(random, Names), Pick(random, Names))),
        Some(random, () => IPNetwork.Parse($"10.{random.Next(2)}.0.0/16")));

    private static AccessTo RandomTo(Random random) => new(
        Either<TextMatch>.Unset,
        Some(random, () => new TextMatch(TextMatchKind.Exact, random.Next(2) == 0 ? "GET" : "POST")),
        Some(random, () => Text(random, Paths)),
        Some(random, () => Pick(random, Ports)));

    private static AccessQuestion RandomQuestion(Random random)
    {
        var principal = random.Next(5) == 0 ? null : new SpiffeId("cluster.local", Pick(random, Names), Pick(random, Names));
        RequestHead? request = random.Next(3) > 0 ? Requests.Request(Pick(random, Paths), method: random.Next(2) == 0 ? "GET" : "POST") : null;
        return new(principal, Ip.Parse($"10.{random.Next(2)}.0.1"), Pick(random, Ports), request, HttpPending: request is null && random.Next(2) == 0);
    }

    private static Either<T> Some<T>(Random random, Func<T> one) => random.Next(3) > 0 ? Either<T>.Unset : new(Several(random, 2, one), Several(random, 2, one));

    private static T[] Several<T>(Random random, int max, Func<T> one) => [.. Enumerable.Range(0, random.Next(max)).Select(_ => one())];

    private static TextMatch Text(Random random, string[] values) => new((TextMatchKind)random.Next(4), Pick(random, values));

    private static T Pick<T>(Random random, T[] values) => values[random.Next(values.Length)];
}
