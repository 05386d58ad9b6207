using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mesh.Io;
using Mesh.Kit.Namespaces;

namespace Mesh.Tests.Hosts.Cni;

/// <summary>The program behind Debian's reference plugins, in real namespaces.</summary>
public sealed class PluginChainTests : IDisposable
{
    private readonly CniFixture fixture = new();

    [Theory]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public async Task Added_workload_is_captured_checked_and_deleted(string version)
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime(version);
        var added = runtime.Add();
        Assert.True(added.ExitCode == 0, added.ToString());
        Assert.Equal(version, (string?)added.Json["cniVersion"]);
        Assert.Equal(2, added.Json["ips"]!.AsArray().Count);

        var workload = Assert.Single(fixture.Manager.Workloads);
        Assert.Equal("shop/cart", workload.Uid);
        Assert.Equal("cart", workload.ServiceAccount);
        Assert.Equal("v2", workload.Labels["version"]);
        Assert.Equal(2, workload.Addresses.Count);
        Assert.Equal([Ip.Parse("10.92.0.53")], workload.Resolvers);
        using (await fixture.Workload.ConnectAsync("240.240.0.1", 80)) Assert.Equal(15001, (await fixture.Host.NextAsync()).Port);

        if (version != "1.1.0") Assert.True(runtime.Check().ExitCode == 0);
        else Assert.True(runtime.CallMesh("CHECK").ExitCode == 0);

        Assert.True(runtime.CallMesh("DEL").ExitCode == 0);
        Assert.Empty(fixture.Manager.Workloads);
        Assert.Empty(fixture.Host.Running);
        Assert.Empty(Directory.GetFiles(Path.Combine(fixture.StateDirectory, "enrolments")));
        Assert.DoesNotContain("MESH_", fixture.Workload.Run("iptables-nft-save"));
        Assert.DoesNotContain("MESH_", fixture.Workload.Run("ip6tables-nft-save"));
        Assert.True(runtime.CallMesh("DEL").ExitCode == 0);
        runtime.Delete();
    }

    [Fact]
    public async Task Deleting_without_namespace_or_daemon_succeeds()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        Assert.True(runtime.Add().ExitCode == 0);
        await fixture.KillDaemonAsync();
        Assert.Equal(0, runtime.CallMesh("DEL").ExitCode);
        Assert.Equal(0, fixture.Runtime(workload: null, containerId: "unknown").CallMesh("DEL").ExitCode);
        var gone = new CniRuntime(JsonNode.Parse($$"""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"mesh-cni","nodeSocket":"{{fixture.NodeSocket}}"}]}""")!.AsObject(), "c9", "");
        Assert.Equal(0, gone.CallMesh("DEL").ExitCode);
        runtime.Delete();
    }

    [Fact]
    public void Add_without_daemon_fails_with_try_again_and_leaves_nothing()
    {
        var runtime = fixture.Runtime(mesh: static plugin => plugin["timeout"] = "100ms");
        var added = runtime.Add();
        Assert.Equal(11, added.Code);
        Assert.Contains("is meshd running", added.Message);
        Assert.DoesNotContain("MESH_", fixture.Workload.Run("iptables-nft-save"));
        runtime.Delete();
    }

    [Fact]
    public async Task Add_waits_for_a_daemon_that_is_starting()
    {
        var runtime = fixture.Runtime();
        var adding = Task.Run(runtime.Add);
        await fixture.StartDaemonAsync();
        Assert.Equal(0, (await adding).ExitCode);
        runtime.Delete();
    }

    [Fact]
    public async Task Add_that_the_daemon_cannot_serve_fails_and_leaves_nothing()
    {
        await fixture.StartDaemonAsync();
        fixture.Host.Broken.Add("shop/cart");
        var runtime = fixture.Runtime();
        var added = runtime.Add();
        Assert.Equal(11, added.Code);
        Assert.Contains("broken on purpose", added.Message);
        Assert.DoesNotContain("MESH_", fixture.Workload.Run("iptables-nft-save"));
        Assert.Empty(fixture.Manager.Workloads);
        runtime.Delete();
    }

    [Fact]
    public async Task Check_detects_a_removed_rule()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.Add();
        fixture.Workload.Run("iptables-nft", "-t", "nat", "-D", "MESH_OUTPUT", "-o", "lo", "-j", "RETURN");
        var check = runtime.CallMesh("CHECK");
        Assert.Equal(102, check.Code);
        Assert.Contains("missing rule -A MESH_OUTPUT -o lo -j RETURN", check.Message);
        runtime.Delete();
    }

    [Fact]
    public async Task Check_of_a_container_that_the_daemon_does_not_know_is_code_3()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.Add();
        await fixture.Manager.UnenrolAsync(new("c1", "eth0"));
        Assert.Equal(3, runtime.CallMesh("CHECK").Code);
        runtime.Delete();
    }

    [Fact]
    public async Task Daemon_killed_stops_traffic_and_started_again_serves_without_enrolment()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.Add();
        await fixture.KillDaemonAsync();
        Assert.Equal(SocketError.ConnectionRefused, await fixture.Workload.TryConnectAsync("240.240.0.1", 80));
        await fixture.StartDaemonAsync();
        using (await fixture.Workload.ConnectAsync("240.240.0.1", 80)) Assert.Equal("shop/cart", (await fixture.Host.NextAsync()).Uid);
        Assert.Equal(0, runtime.CallMesh("CHECK").ExitCode);
        runtime.Delete();
        Assert.Empty(fixture.Manager.Workloads);
    }

    [Fact]
    public async Task Namespace_that_ended_while_the_daemon_was_away_is_dropped()
    {
        await fixture.StartDaemonAsync();
        fixture.Runtime().Add();
        await fixture.KillDaemonAsync();
        TestNamespace.Host("ip", "netns", "del", fixture.Workload.Name);
        await fixture.StartDaemonAsync();
        Assert.Empty(fixture.Manager.Workloads);
        Assert.Empty(Directory.GetFiles(Path.Combine(fixture.StateDirectory, "enrolments")));
    }

    [Fact]
    public async Task Another_workload_in_the_same_namespace_is_refused()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.Add();
        var second = fixture.Runtime(containerId: "c2");
        second.Arguments = "MESH_NAMESPACE=shop;MESH_WORKLOAD=thief";
        var outcome = second.CallMesh("ADD");
        Assert.Equal(101, outcome.Code);
        Assert.Contains("belongs to shop/cart already", outcome.Message);
        Assert.Equal(0, runtime.CallMesh("CHECK").ExitCode); // still captured, still served
        runtime.Delete();
    }

    [Fact]
    public async Task Garbage_collection_removes_only_attachments_that_are_not_listed()
    {
        await fixture.StartDaemonAsync();
        using var other = new TestNamespace("cni-gc");
        var kept = fixture.Runtime("1.1.0");
        kept.Add();
        var stale = fixture.Runtime("1.1.0", "c2", other);
        stale.Arguments = "MESH_NAMESPACE=shop;MESH_WORKLOAD=old";
        stale.Add();
        var outcome = kept.CallMesh("GC", static plugin => plugin["cni.dev/valid-attachments"] = JsonNode.Parse("""[{"containerID":"c1","ifname":"eth0"}]"""));
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal("shop/cart", Assert.Single(fixture.Manager.Workloads).Uid);
        Assert.DoesNotContain("MESH_", other.Run("iptables-nft-save"));
        kept.Delete();
        stale.Delete();
    }

    [Fact]
    public async Task Status_is_50_without_a_daemon_and_fine_with_one()
    {
        var runtime = fixture.Runtime("1.1.0");
        Assert.Equal(50, runtime.CallMesh("STATUS").Code);
        await fixture.StartDaemonAsync();
        Assert.Equal(0, runtime.CallMesh("STATUS").ExitCode);
    }

    [Fact]
    public async Task Addresses_that_the_namespace_does_not_hold_are_refused()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.Add();
        runtime.Result!["ips"]![0]!["address"] = "10.92.0.99/24";
        var outcome = runtime.CallMesh("ADD");
        Assert.Equal(7, outcome.Code);
        Assert.Contains("10.92.0.99", outcome.Message);
        runtime.Delete();
    }

    public void Dispose() => fixture.Dispose();
}
