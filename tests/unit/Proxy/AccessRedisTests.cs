using System.Text;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Policy;

namespace Mesh.Tests.Unit.Proxy;

/// <summary>Conditions on Redis commands.</summary>
public sealed class AccessRedisTests
{
    private static readonly SpiffeId Web = new("cluster.local", "shop", "web");

    [Theory]
    [InlineData("get", "", "get a", true)]
    [InlineData("get", "", "GET a", true)]
    [InlineData("get", "", "set a 1", false)]
    [InlineData("@read", "", "get a", true)]
    [InlineData("@read", "", "set a 1", false)]
    [InlineData("@read", "", "json.get a", false)]
    [InlineData("json.get", "", "JSON.GET a", true)]
    [InlineData("config|get", "", "config get x", true)]
    [InlineData("config|get", "", "config set x 1", false)]
    [InlineData("config", "", "config set x 1", true)]
    [InlineData("@connection", "", "client setname x", true)]
    [InlineData("@admin", "", "client kill x", true)]
    [InlineData("", "@dangerous", "get a", true)]
    [InlineData("", "@dangerous", "flushall", false)]
    [InlineData("", "@dangerous", "unheard.of a", false)]
    public void Allow_needs_certainty_about_the_command(string commands, string notCommands, string command, bool allowed) =>
        Assert.Equal(allowed, Allows(AccessAction.Allow, Redis(commands, notCommands, "", ""), command));

    [Theory]
    [InlineData("flushall", "", "flushall", false)]
    [InlineData("flushall", "", "get a", true)]
    [InlineData("@write", "", "set a 1", false)]
    [InlineData("@write", "", "get a", true)]
    [InlineData("@write", "", "unheard.of a", false)]
    [InlineData("", "@read", "get a", true)]
    [InlineData("", "@read", "unheard.of a", false)]
    [InlineData("client|kill", "", "client list", true)]
    [InlineData("@admin", "", "client setname x", true)]
    [InlineData("@admin", "", "client list", false)]
    public void Deny_takes_what_may_be_meant(string commands, string notCommands, string command, bool allowed) =>
        Assert.Equal(allowed, Allows(AccessAction.Deny, Redis(commands, notCommands, "", ""), command));

    [Theory]
    [InlineData("cart: user:", "", "mget cart:1 user:2", true, false)]
    [InlineData("cart:", "", "mget cart:1 user:2", false, false)]
    [InlineData("cart:", "", "mget user:1 user:2", false, true)]
    [InlineData("cart:", "", "ping", true, true)]
    [InlineData("cart:", "", "multi", true, true)]
    [InlineData("cart:", "", "flushall", false, false)]
    [InlineData("cart:", "", "unheard.of cart:1", false, false)]
    [InlineData("cart:", "", "eval x 1 cart:1", true, false)]
    [InlineData("cart:", "", "eval x 2 cart:1 user:1", false, false)]
    [InlineData("cart:", "", "eval x 0", false, false)]
    [InlineData("cart:", "", "psubscribe cart:*", true, false)]
    [InlineData("cart:", "", "psubscribe car*", false, false)]
    [InlineData("cart:", "", "psubscribe c[a]rt:x", false, false)]
    [InlineData("cart:", "", "psubscribe user:*", false, true)]
    [InlineData("cart:", "", "subscribe cart:*", true, false)]
    [InlineData("", "secret:", "get a", true, false)]
    [InlineData("", "secret:", "get secret:a", false, true)]
    [InlineData("", "secret:", "mget a secret:a", false, false)]
    [InlineData("", "secret:", "psubscribe s*", false, false)]
    [InlineData("cart:", "cart:x", "get cart:xy", false, true)]
    [InlineData("cart:", "cart:x", "get cart:y", true, false)]
    public void Keys_decide(string prefixes, string notPrefixes, string command, bool allowAllows, bool denyAllows)
    {
        Assert.Equal(allowAllows, Allows(AccessAction.Allow, Redis("", "", prefixes, notPrefixes), command));
        Assert.Equal(denyAllows, Allows(AccessAction.Deny, Redis("", "", prefixes, notPrefixes), command));
    }

    [Fact]
    public void Command_and_key_must_both_hold()
    {
        var redis = Redis("@write", "", "cart:", "");
        Assert.False(Allows(AccessAction.Deny, redis, "set cart:1 x"));
        Assert.True(Allows(AccessAction.Deny, redis, "get cart:1"));
        Assert.True(Allows(AccessAction.Deny, redis, "set user:1 x"));
        Assert.True(Allows(AccessAction.Allow, redis, "set cart:1 x"));
        Assert.False(Allows(AccessAction.Allow, redis, "get cart:1"));
    }

    [Theory]
    [InlineData(AccessAction.Allow)]
    [InlineData(AccessAction.Deny)]
    public void Where_commands_cannot_be_known_the_condition_counts_against_the_client(AccessAction action)
    {
        var policy = Policy(action, Redis("get", "", "", ""));
        Assert.False(policy.Decide(Question()).Allowed);
        Assert.True(policy.Decide(Question() with { HttpPending = true }).Allowed);
        Assert.True(policy.NeedsRedis(6379));
        Assert.False(policy.NeedsHttp(6379));
    }

    [Fact]
    public void Policy_narrowed_to_a_client_decides_the_same_without_asking_who()
    {
        var from = new AccessFrom(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new([("shop", "web")], []), Either<System.Net.IPNetwork>.Unset);
        var others = new AccessFrom(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new([("shop", "other")], []), Either<System.Net.IPNetwork>.Unset);
        var whole = new InboundPolicy(
        [
            new("a", AccessAction.Allow, [new AccessRule([from], [To(Redis("get", "", "", ""))]), new AccessRule([others], [])], false, 0),
            new("b", AccessAction.Deny, [new AccessRule([others], [To(Redis("ping", "", "", ""))])], false, 6379),
            new("c", AccessAction.Deny, [new AccessRule([], [])], false, 1),
        ], MtlsModel.Strict);
        var narrowed = whole.NarrowedTo(Question());
        foreach (string command in (string[])["get a", "ping", "set a 1"])
            Assert.Equal(whole.Decide(Question(command)).Allowed, narrowed.Decide(Question(command)).Allowed);
        Assert.True(narrowed.Decide(Question("get a")).Allowed);
        Assert.False(narrowed.Decide(Question("ping")).Allowed);
    }

    [Theory]
    [InlineData("@nothing")]
    [InlineData("@none")]
    [InlineData("@1")]
    [InlineData("@read,write")]
    [InlineData("get|x")]
    public void What_can_match_nothing_is_refused(string command) => Assert.Throws<NotSupportedException>(() => new RedisCommandMatch(command));

    private static bool Allows(AccessAction action, AccessRedis redis, string command) => Policy(action, redis).Decide(Question(command)).Allowed;

    private static InboundPolicy Policy(AccessAction action, AccessRedis redis) =>
        new([new AccessPolicyModel("p", action, [new AccessRule([], [To(redis)])], DryRun: false, Port: 0)], MtlsModel.Strict);

    private static AccessTo To(AccessRedis redis) =>
        new(Either<TextMatch>.Unset, Either<TextMatch>.Unset, Either<TextMatch>.Unset, Either<int>.Unset) { Redis = redis };

    private static AccessRedis Redis(string commands, string notCommands, string prefixes, string notPrefixes) => new(
        new([.. Words(commands).Select(static c => new RedisCommandMatch(c))], [.. Words(notCommands).Select(static c => new RedisCommandMatch(c))]),
        new([.. Words(prefixes).Select(Encoding.UTF8.GetBytes)], [.. Words(notPrefixes).Select(Encoding.UTF8.GetBytes)]));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static AccessQuestion Question() => new(Web, Ip.Parse("10.0.0.1"), 6379, null, HttpPending: false);

    private static AccessQuestion Question(string command)
    {
        string[] words = command.Split(' ');
        var request = new RedisRequest();
        byte[] name = Encoding.ASCII.GetBytes(words[0]);
        request.Begin(RedisCommands.Find(name), name, words.Length);
        for (int i = 1; i < words.Length; i++) request.Argument(i, Encoding.ASCII.GetBytes(words[i]));
        return Question() with { Redis = request };
    }
}
