using System.Net;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Policy;
using static Mesh.Tests.Unit.Proxy.Requests;

namespace Mesh.Tests.Unit.Proxy;

public sealed class AccessPolicyTests
{
    private static readonly SpiffeId Web = new("cluster.local", "shop", "web");
    private static readonly AccessFrom FromWeb = new(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new([("shop", "web")], []), Either<IPNetwork>.Unset);
    private static readonly AccessTo ToPublic = new(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new([new(TextMatchKind.Prefix, "/public")], []), Either<int>.Unset);
    private static readonly AccessTo ToAdmin = new(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new([new(TextMatchKind.Prefix, "/admin")], []), Either<int>.Unset);

    [Fact]
    public void Without_policies_everyone_with_an_identity_is_allowed() => Assert.True(Decide(Question(Web)).Allowed);

    [Fact]
    public void Client_without_identity_is_refused_by_default_naming_mutual_tls()
    {
        var decision = Decide(Question(null));
        Assert.False(decision.Allowed);
        Assert.Contains("mutual TLS", decision.Reason);
    }

    [Fact]
    public void Allow_policy_turns_the_default_into_deny()
    {
        var allow = Policy("shop/allow-web", AccessAction.Allow, new AccessRule([FromWeb], []));
        Assert.Equal((true, "shop/allow-web"), (Decide(Question(Web), allow).Allowed, Decide(Question(Web), allow).Rule));
        var other = Decide(Question(new SpiffeId("cluster.local", "shop", "other")), allow);
        Assert.False(other.Allowed);
        Assert.Contains("ns/shop/sa/other", other.Reason);
    }

    [Fact]
    public void Deny_beats_allow()
    {
        var decision = Decide(Question(Web), Policy("a/allow", AccessAction.Allow, new AccessRule([], [])), Policy("a/deny", AccessAction.Deny, new AccessRule([FromWeb], [])));
        Assert.Equal((false, "a/deny"), (decision.Allowed, decision.Rule));
    }

    [Fact]
    public void Allow_without_rules_lets_nobody_in_and_deny_without_rules_denies_nobody()
    {
        Assert.False(Decide(Question(Web), Policy("a/none", AccessAction.Allow)).Allowed);
        Assert.True(Decide(Question(Web), Policy("a/none", AccessAction.Deny)).Allowed);
    }

    [Fact]
    public void Dry_run_and_audit_decide_nothing()
    {
        Assert.True(Decide(Question(Web), Policy("a/dry", AccessAction.Deny, new AccessRule([], [])) with { DryRun = true }).Allowed);
        Assert.True(Decide(Question(Web), Policy("a/audit", AccessAction.Audit, new AccessRule([], []))).Allowed);
    }

    [Fact]
    public void Policy_for_another_port_does_not_concern()
    {
        Assert.True(Decide(Question(Web, port: 80), Policy("a/deny", AccessAction.Deny, new AccessRule([], [])) with { Port = 81 }).Allowed);
        Assert.True(Decide(Question(Web, port: 80), Policy("a/allow", AccessAction.Allow) with { Port = 81 }).Allowed);
        Assert.False(Decide(Question(Web, port: 81), Policy("a/allow", AccessAction.Allow) with { Port = 81 }).Allowed);
    }

    [Fact]
    public void Request_condition_on_an_opaque_connection_counts_against_the_client()
    {
        Assert.False(Decide(Question(Web), Policy("a/deny", AccessAction.Deny, new AccessRule([], [ToAdmin]))).Allowed);
        Assert.False(Decide(Question(Web), Policy("a/allow", AccessAction.Allow, new AccessRule([], [ToAdmin]))).Allowed);
    }

    /// <summary>What servers and frameworks take for /admin: a Deny holds for it, and an Allow of another path does not.</summary>
    [Theory]
    [InlineData("/admin")]
    [InlineData("//admin")]
    [InlineData("/./admin")]
    [InlineData("/public/../admin")]
    [InlineData("/public/..//admin")]
    [InlineData("/public/x/../../admin/x")]
    [InlineData("/../admin")]
    [InlineData("/%61dmin")]
    [InlineData("/%2e/admin")]
    [InlineData("/public/%2E%2e/admin")]
    [InlineData("/public%2f..%2Fadmin")]
    [InlineData("/public/..;/admin")]
    [InlineData("/;x/admin")]
    [InlineData("/public\\..\\admin")]
    [InlineData("/public/..%5cadmin?x")]
    public void Path_that_an_application_may_take_for_another_counts_against_the_client(string target)
    {
        var question = Question(Web) with { Http = Request(target) };
        Assert.False(Decide(question, Policy("a/deny", AccessAction.Deny, new AccessRule([], [ToAdmin]))).Allowed);
        Assert.False(Decide(question, Policy("a/allow", AccessAction.Allow, new AccessRule([], [ToPublic]))).Allowed);
        var exceptPublic = ToPublic with { Paths = new([], ToPublic.Paths.Any) };
        Assert.False(Decide(question, Policy("a/deny", AccessAction.Deny, new AccessRule([], [exceptPublic]))).Allowed);
    }

    [Theory]
    [InlineData("/public")]
    [InlineData("/public/")]
    [InlineData("/public//x")]
    [InlineData("/public/./x")]
    [InlineData("/public/x/../y")]
    [InlineData("/public/a%20b%2Fc")]
    [InlineData("/public/%zz%2")]
    [InlineData("/public/x;v=1/y")]
    [InlineData("/public/.well-known?x=../admin")]
    [InlineData("/public/...")]
    public void Path_that_means_the_same_in_every_reading_is_judged_as_it_is(string target)
    {
        var question = Question(Web) with { Http = Request(target) };
        Assert.True(Decide(question, Policy("a/deny", AccessAction.Deny, new AccessRule([], [ToAdmin]))).Allowed);
        Assert.True(Decide(question, Policy("a/allow", AccessAction.Allow, new AccessRule([], [ToPublic]))).Allowed);
    }

    [Fact]
    public void Simplified_path_is_plain_and_not_longer_whatever_it_was()
    {
        string[] pieces = ["/", "a", ".", "..", "%2e", "%2F", "%5C", "\\", ";", "x=1", "%", "%6", "%61", "%00", "é"];
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] path = System.Text.Encoding.Latin1.GetBytes("/" + string.Concat(random.GetItems(pieces, random.Next(12))));
            byte[] once = new byte[path.Length];
            once = once[..PathReading.Simplify(path, once)];
            string text = System.Text.Encoding.Latin1.GetString(once);
            Assert.StartsWith("/", text);
            Assert.DoesNotContain("//", text);
            Assert.DoesNotContain(text.Split('/'), static segment => segment is "." or "..");
            Assert.Equal(-1, text.AsSpan().IndexOfAny('\\', ';'));
        }
    }

    [Fact]
    public void Request_condition_stays_open_while_http_is_expected()
    {
        var question = Question(Web) with { HttpPending = true };
        Assert.True(Decide(question, Policy("a/deny", AccessAction.Deny, new AccessRule([], [ToAdmin]))).Allowed);
        Assert.True(Decide(question, Policy("a/allow", AccessAction.Allow, new AccessRule([], [ToAdmin]))).Allowed);
    }

    [Theory]
    [InlineData("/admin/x", false)]
    [InlineData("/public?/admin", true)]
    public void Request_is_judged_by_its_path(string target, bool allowed) =>
        Assert.Equal(allowed, Decide(Question(Web) with { Http = Request(target) }, Policy("a/deny", AccessAction.Deny, new AccessRule([], [ToAdmin]))).Allowed);

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("10.2.0.1", false)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("fd00::1", false)]
    public void Address_blocks_hold_for_mapped_addresses_too(string client, bool allowed)
    {
        var from = new AccessFrom(Either<TextMatch>.Unset, Either<TextMatch>.Unset, Either<(string, string)>.Unset, new([IPNetwork.Parse("10.1.0.0/16")], []));
        var question = Question(Web) with { Client = Ip.Parse(client) };
        Assert.Equal(allowed, Decide(question, Policy("a/allow", AccessAction.Allow, new AccessRule([from], []))).Allowed);
    }

    [Fact]
    public void Mtls_mode_of_a_port_beats_the_mode_of_the_workload()
    {
        var model = new MtlsModel("a/m", strict: true, new Dictionary<int, bool> { [8080] = false });
        Assert.Equal((true, false), (model.IsStrict(80), model.IsStrict(8080)));
        var policy = new InboundPolicy([], model);
        Assert.True(policy.Decide(Question(null, port: 8080)).Allowed);
        Assert.Equal("a/m", policy.Decide(Question(null, port: 80)).Rule);
    }

    [Fact]
    public void Plaintext_client_holds_no_condition_on_identity()
    {
        var permissive = new MtlsModel("a/m", strict: false, new Dictionary<int, bool>());
        var allow = new InboundPolicy([Policy("a/allow", AccessAction.Allow, new AccessRule([FromWeb], []))], permissive);
        Assert.False(allow.Decide(Question(null)).Allowed);
    }

    [Fact]
    public void Requests_are_looked_at_only_where_an_enforced_policy_asks_for_it()
    {
        var l7 = Policy("a/l7", AccessAction.Deny, new AccessRule([], [ToAdmin])) with { Port = 80 };
        var policy = new InboundPolicy([l7], MtlsModel.Strict);
        Assert.Equal((true, false), (policy.NeedsHttp(80), policy.NeedsHttp(81)));
        Assert.False(new InboundPolicy([l7 with { DryRun = true }], MtlsModel.Strict).NeedsHttp(80));
    }

    internal static AccessPolicyModel Policy(string name, AccessAction action, params AccessRule[] rules) => new(name, action, rules, DryRun: false, Port: 0);

    internal static AccessQuestion Question(SpiffeId? principal, int port = 80) => new(principal, Ip.Parse("10.0.0.9"), port, null, HttpPending: false);

    private static AccessDecision Decide(in AccessQuestion question, params AccessPolicyModel[] policies) => new InboundPolicy(policies, MtlsModel.Strict).Decide(question);
}
