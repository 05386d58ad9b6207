using Mesh.Controller.Identity;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;

namespace Mesh.Tests.Unit.Controller.Identity;

public sealed class JoinTokensTests
{
    private readonly MemorySecretStore secrets = new();
    private readonly VirtualTime time = new();
    private readonly JoinTokens tokens;

    public JoinTokensTests() => tokens = new JoinTokens(secrets, time);

    [Fact]
    public void Token_is_redeemed_once()
    {
        string token = tokens.Create(TimeSpan.FromHours(1));
        tokens.Redeem(token, "node-a", [1]);

        var error = Assert.Throws<JoinTokenException>(() => tokens.Redeem(token, "node-b", [2]));
        Assert.Equal(JoinTokenProblem.Used, error.Problem);
        Assert.Contains("node 'node-a'", error.Message);
    }

    [Fact]
    public void Repeated_request_of_the_same_node_is_the_same_use()
    {
        string token = tokens.Create(TimeSpan.FromHours(1));
        tokens.Redeem(token, "node-a", [1]);
        tokens.Redeem(token, "node-a", [1]);

        Assert.Equal(JoinTokenProblem.Used, Problem(token, "node-a", 2));
        Assert.Equal(JoinTokenProblem.Used, Problem(token, "node-b", 1));
    }

    [Fact]
    public void Token_with_several_uses_counts_them()
    {
        string token = tokens.Create(TimeSpan.FromHours(1), uses: 2);
        tokens.Redeem(token, "node-a", [1]);
        tokens.Redeem(token, "node-b", [2]);

        Assert.Equal(JoinTokenProblem.Used, Problem(token, "node-c", 3));
    }

    [Fact]
    public void Token_works_until_its_end_and_not_from_there()
    {
        string early = tokens.Create(TimeSpan.FromMinutes(10));
        string late = tokens.Create(TimeSpan.FromMinutes(10));

        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        tokens.Redeem(early, "node-a", [1]);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(JoinTokenProblem.Expired, Problem(late, "node-b", 2));
    }

    [Fact]
    public void Token_for_one_node_refuses_others_and_stays_good()
    {
        string token = tokens.Create(TimeSpan.FromHours(1), "node-a");

        Assert.Equal(JoinTokenProblem.WrongNode, Problem(token, "node-b", 1));
        tokens.Redeem(token, "node-a", [1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Unknown_or_cut_token_is_refused(string token) => Assert.Equal(JoinTokenProblem.Unknown, Problem(token, "node-a", 1));

    [Fact]
    public void Restart_keeps_tokens_and_their_uses()
    {
        string used = tokens.Create(TimeSpan.FromHours(1));
        string fresh = tokens.Create(TimeSpan.FromHours(1));
        tokens.Redeem(used, "node-a", [1]);

        var restarted = new JoinTokens(secrets, time);
        Assert.Throws<JoinTokenException>(() => restarted.Redeem(used, "node-b", [2]));
        restarted.Redeem(fresh, "node-b", [2]);
    }

    [Fact]
    public void Token_is_not_stored()
    {
        string token = tokens.Create(TimeSpan.FromHours(1));

        string stored = string.Concat(secrets.Keys("").Select(key => System.Text.Encoding.UTF8.GetString(secrets.Get(key)!)));
        Assert.DoesNotContain(token, stored);
        Assert.Equal(43, token.Length);
    }

    [Fact]
    public void Impossible_arguments_are_refused()
    {
        Assert.Throws<ArgumentException>(() => tokens.Create(TimeSpan.Zero));
        Assert.Throws<ArgumentException>(() => tokens.Create(TimeSpan.FromDays(366)));
        Assert.Throws<ArgumentException>(() => tokens.Create(TimeSpan.FromHours(1), uses: 0));
        Assert.Throws<ArgumentException>(() => tokens.Create(TimeSpan.FromHours(1), "Not A Node"));
    }

    private JoinTokenProblem Problem(string token, string node, byte request) =>
        Assert.Throws<JoinTokenException>(() => tokens.Redeem(token, node, [request])).Problem;
}
