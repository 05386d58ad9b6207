using Mesh.Kit.Namespaces;
using Mesh.Netfilter;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Tests.Hosts.Capture;

public sealed class NamespaceRulesTests : IDisposable
{
    private readonly TestNamespace workload = new("cap-rules");

    [Fact]
    public void Applying_twice_leaves_the_same_rules()
    {
        Assert.True(Apply());
        string once = Saved();
        Assert.False(Apply());
        Assert.Equal(once, Saved());
        Assert.Empty(Verify(CaptureOptions.Default));
    }

    [Fact]
    public void Removal_leaves_nothing_of_ours_and_all_of_others()
    {
        workload.Run("iptables-nft", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "--dport", "7", "-j", "ACCEPT");
        Apply();
        Remove();
        Assert.DoesNotContain("MESH_", Saved());
        Assert.Contains("--dport 7", Saved());
        Assert.DoesNotContain("fwmark", workload.Run("ip", "rule"));
        Assert.DoesNotContain("fwmark", workload.Run("ip", "-6", "rule"));
        Remove();
    }

    [Theory]
    [InlineData("iptables-nft -t nat -D MESH_OUTPUT -o lo -j RETURN", "missing rule -A MESH_OUTPUT -o lo -j RETURN")]
    [InlineData("iptables-nft -t nat -D PREROUTING -j MESH_PREROUTING", "IPv4 nat: chain PREROUTING does not begin with -j MESH_PREROUTING")]
    [InlineData("iptables-nft -t nat -I OUTPUT 1 -p tcp -j ACCEPT", "IPv4 nat: chain OUTPUT does not begin with -j MESH_OUTPUT")]
    [InlineData("iptables-nft -t nat -I MESH_OUTPUT 1 -p tcp -j RETURN", "unexpected rule -A MESH_OUTPUT -p tcp -j RETURN")]
    [InlineData("ip6tables-nft -t filter -F MESH_INPUT", "IPv6 filter: missing rule -A MESH_INPUT")]
    [InlineData("ip6tables-nft -t nat -F", "IPv6 nat: missing rule -A MESH_OUTPUT")]
    [InlineData("ip rule del pref 32764", "IPv4 routing rule")]
    [InlineData("ip -6 route flush table 100", "IPv6 route")]
    [InlineData("ip link set lo down", "lo is down")]
    public void Damage_is_found_and_applying_again_repairs_it(string damage, string expected)
    {
        Apply();
        workload.Run(damage.Split(' '));
        Assert.Contains(Verify(CaptureOptions.Default), difference => difference.Contains(expected));
        Apply();
        Assert.Empty(Verify(CaptureOptions.Default));
    }

    [Fact]
    public void Other_options_replace_the_rules()
    {
        Apply();
        var options = new CaptureOptions { Dns = false, ExcludeInboundPorts = [22] };
        Assert.Contains(Verify(options), static difference => difference.Contains("IPv4 raw: chain MESH_OUTPUT is not wanted"));
        using (workload.Network.Enter()) NamespaceRules.Apply(options);
        Assert.Empty(Verify(options));
    }

    [Fact]
    public void Namespace_with_IPv6_switched_off_is_captured_and_stays_closed_when_it_is_switched_on()
    {
        workload.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
        Apply();
        Assert.Empty(Verify(CaptureOptions.Default));
        workload.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0");
        Assert.Contains("--to-ports 15001", workload.Run("ip6tables-nft-save", "-t", "nat"));
    }

    [Fact]
    public void Refused_rule_leaves_an_open_namespace_as_it_was()
    {
        // The kernel accepts no 4 GiB of rules; a port no validation let through is refused by the tool in the last table.
        var options = new CaptureOptions { ExcludeOutboundPorts = [70000] };
        var error = Assert.Throws<CaptureException>(() => { using (workload.Network.Enter()) NamespaceRules.Apply(options); });
        Assert.Contains("70000", error.Message);
        Assert.DoesNotContain("MESH_", Saved());
        Assert.DoesNotContain("fwmark", workload.Run("ip", "rule"));
    }

    [Fact]
    public void Refused_rule_leaves_a_captured_namespace_captured()
    {
        Apply();
        Assert.Throws<CaptureException>(() => { using (workload.Network.Enter()) NamespaceRules.Apply(new() { ExcludeOutboundPorts = [70000] }); });
        Assert.Empty(Verify(CaptureOptions.Default));
    }

    [Fact]
    public void Entering_returns_to_the_thread_s_own_namespace()
    {
        using var home = NetworkNamespace.OpenCurrent();
        using (workload.Network.Enter())
        {
            using var inside = NetworkNamespace.OpenCurrent();
            Assert.Equal(workload.Id, inside.Id);
        }
        using var back = NetworkNamespace.OpenCurrent();
        Assert.Equal(home.Id, back.Id);
        Assert.NotEqual(home.Id, workload.Id);
    }

    private bool Apply()
    {
        using (workload.Network.Enter()) return NamespaceRules.Apply(CaptureOptions.Default);
    }

    private void Remove()
    {
        using (workload.Network.Enter()) NamespaceRules.Remove();
    }

    private IReadOnlyList<string> Verify(CaptureOptions options)
    {
        using (workload.Network.Enter()) return NamespaceRules.Verify(options);
    }

    private string Saved() =>
        string.Join('\n', (workload.Run("iptables-nft-save") + workload.Run("ip6tables-nft-save")).Split('\n').Where(static line => !line.StartsWith('#')));

    public void Dispose() => workload.Dispose();
}
