using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Machines;

/// <summary>The lab itself, without a mesh: what other tests stand on.</summary>
public sealed class LabTests
{
    private const string Reference = "/usr/lib/cni";

    [Fact]
    public async Task Workloads_of_two_machines_reach_each_other_and_nothing_is_left_afterwards()
    {
        string folder, name;
        await using (var lab = await Lab.CreateAsync("mesh-labtest"))
        {
            (folder, name) = (lab.Folder, lab.Name);
            var a = await lab.AddMachineAsync("a");
            var b = await lab.AddMachineAsync("b");
            var client = await a.AddWorkloadAsync(new("shop", "client", "client"), nodeSocket: null, Reference);
            var server = await b.AddWorkloadAsync(new("shop", "cache", "cache"), nodeSocket: null, Reference);
            server.Start("redis", ["redis-server", "--port", "6379", "--save", "", "--protected-mode", "no", "--dir", server.Folder]);

            await Until.TrueAsync("redis answers across machines", TimeSpan.FromSeconds(10),
                async () => (await client.Space.RunAsync($"redis-cli -h {server.Address} ping")).Output.Trim() == "PONG");
            Assert.StartsWith("10.77.1.", client.Address);
            Assert.StartsWith("10.77.2.", server.Address);
        }
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(name, (await Shell.RunAsync("ip netns list")).Output);
    }

    [Fact]
    public async Task A_plugin_that_refuses_is_reported_with_its_own_words()
    {
        await using var lab = await Lab.CreateAsync("mesh-labtest-refuse");
        var a = await lab.AddMachineAsync("a");
        var list = Lab.PluginList(a, nodeSocket: null);
        list["plugins"]![0]!["ipam"]!["type"] = "static";
        var error = await Assert.ThrowsAsync<CniChain.CniException>(
            () => new CniChain(a.Space, Reference, list).AddAsync("c1", "/run/netns/does-not-exist", ""));
        Assert.Contains("does-not-exist", error.Message);
    }
}
