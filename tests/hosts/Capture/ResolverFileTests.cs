using Mesh.Kit.Machines;
using Mesh.Tests.Hosts.Families;

namespace Mesh.Tests.Hosts.Capture;

/// <summary>A workload's resolver file that changes while the workload runs.</summary>
[Collection(FamilyLab.Collection)]
public sealed class ResolverFileTests(FamilyLab lab)
{
    private const string Name = "reader";

    [Fact]
    public async Task Changed_servers_and_search_domains_are_in_force_without_enrolment()
    {
        string folder = Path.Combine("/etc/netns", lab.NamespaceOfClient(Name)), file = Path.Combine(folder, "resolv.conf");
        Directory.CreateDirectory(folder);
        try
        {
            await File.WriteAllTextAsync(file, "nameserver 10.77.0.250\nsearch before.example\n"); // nobody is there
            var client = await lab.AddClientAsync(Name);
            string answerer = client.Machine.WorkloadGateway;
            client.Machine.Start("dnsmasq", ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", $"--listen-address={answerer}",
                "--except-interface=lo", "--host-record=www.example.com,198.51.100.3", "--user=root", "--pid-file="]);
            await Until.TrueAsync("the name without the search domain is found", TimeSpan.FromSeconds(10), async () => (await DigAsync(client, "server-v4.shop.mesh.before.example")).Contains("240.240."));
            Assert.DoesNotContain("240.240.", await DigAsync(client, "server-v4.shop.mesh.after.example"));
            Assert.Equal("", await DigAsync(client, "www.example.com"));

            await File.WriteAllTextAsync(file + ".next", $"nameserver {answerer}\nsearch after.example\n");
            File.Move(file + ".next", file, overwrite: true);
            await Until.TrueAsync("the new search domain is known", TimeSpan.FromSeconds(15), async () => (await DigAsync(client, "server-v4.shop.mesh.after.example")).Contains("240.240."));
            Assert.DoesNotContain("240.240.", await DigAsync(client, "server-v4.shop.mesh.before.example"));
            Assert.Equal("198.51.100.3", await DigAsync(client, "www.example.com"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A question to a server that is not there; empty without an answer.</summary>
    private static async Task<string> DigAsync(LabWorkload client, string name)
    {
        var said = await client.Space.RunAsync($"dig @10.77.0.251 {name} +short +timeout=6 +tries=1");
        return said.Ok && !said.Output.StartsWith(";;", StringComparison.Ordinal) ? said.Output.Trim() : "";
    }
}
