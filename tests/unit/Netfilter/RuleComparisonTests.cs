using Mesh.Netfilter;
using Mesh.Netfilter.Rules;

namespace Mesh.Tests.Unit.Netfilter;

public sealed class RuleComparisonTests
{
    private static readonly RuleSet Wanted = RuleSetBuilder.Build(CaptureOptions.Default, IpFamily.IPv4);

    [Fact]
    public void Complete_rules_have_no_difference() => Assert.Empty(Differences(Complete()));

    [Fact]
    public void Rule_in_another_order_is_a_difference()
    {
        const string first = "-A MESH_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j RETURN\n";
        const string second = "-A MESH_OUTPUT -o lo -j RETURN\n";
        string swapped = Complete().Replace(first + second, second + first);
        Assert.Equal(["IPv4 nat: the rules of MESH_OUTPUT are repeated or out of order"], Differences(swapped));
    }

    [Fact]
    public void Rule_before_the_jump_is_a_difference()
    {
        string bypassed = Complete().Replace("*nat\n", "*nat\n-A OUTPUT -j ACCEPT\n");
        Assert.Equal(["IPv4 nat: chain OUTPUT does not begin with -j MESH_OUTPUT"], Differences(bypassed));
    }

    [Fact]
    public void Nothing_in_the_kernel_lists_every_chain() => Assert.Equal(7, Differences("").Count());

    [Fact]
    public void Reconciling_a_namespace_with_repeated_jumps_removes_each()
    {
        var saved = SavedRules.Parse(Complete().Replace("-A OUTPUT -j MESH_OUTPUT\n", "-A OUTPUT -j MESH_OUTPUT\n-A OUTPUT -j MESH_OUTPUT\n"));
        string nat = RestoreScript.Reconcile(Wanted, saved).Split("*nat\n")[1];
        Assert.Equal(2, nat.Split("-D OUTPUT -j MESH_OUTPUT\n").Length - 1);
        Assert.Equal(1, nat.Split("-I OUTPUT 1 -j MESH_OUTPUT\n").Length - 1);
        Assert.Contains(":MESH_OUTPUT - [0:0]\n", nat);
    }

    [Fact]
    public void Removal_touches_only_our_chains()
    {
        var saved = SavedRules.Parse("*nat\n:OUTPUT ACCEPT [0:0]\n:MESH_OUTPUT - [0:0]\n-A OUTPUT -j MESH_OUTPUT\n-A OUTPUT -j DOCKER\n-A MESH_OUTPUT -o lo -j RETURN\nCOMMIT\n");
        Assert.Equal("*nat\n-D OUTPUT -j MESH_OUTPUT\n-F MESH_OUTPUT\n-X MESH_OUTPUT\nCOMMIT\n", RestoreScript.Remove(saved));
        Assert.Equal("", RestoreScript.Remove(SavedRules.Parse("*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")));
    }

    [Theory]
    [InlineData(0, "excludeInboundPorts: 0 is not a port")]
    [InlineData(65536, "excludeInboundPorts: 65536 is not a port")]
    [InlineData(15008, "excludeInboundPorts: 15008 is a port of the daemon itself")]
    public void Port_that_cannot_be_excluded_is_an_error(int port, string expected)
    {
        var errors = new List<string>();
        new CaptureOptions { ExcludeInboundPorts = [port] }.Validate(errors);
        Assert.StartsWith(expected, Assert.Single(errors));
    }

    private static IEnumerable<string> Differences(string saved) => RuleComparison.Differences(Wanted, SavedRules.Parse(saved));

    /// <summary>As iptables-save prints what was restored.</summary>
    private static string Complete() => RestoreScript.Fresh(Wanted).Replace("-N ", ":").Replace("-I PREROUTING 1 ", "-A PREROUTING ")
        .Replace("-I OUTPUT 1 ", "-A OUTPUT ").Replace("-I INPUT 1 ", "-A INPUT ");
}
