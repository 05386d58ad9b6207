using Mesh.Cni.Workloads;
using Mesh.NodeSocket;

namespace Mesh.Tests.Unit.Cni;

public sealed class NameServiceTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("mesh-resolvers-").FullName;

    public NameServiceTests() => Directory.CreateDirectory(Path.Combine(root, "etc/netns/x"));

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Resolvers_come_from_the_network_then_the_namespace_s_file_then_the_machine_s()
    {
        Write("etc/resolv.conf", "# x\nnameserver 127.0.0.53\nnameserver 10.0.0.53\n");
        var named = Describe([[], ["127.0.0.1", "1.1.1.1"]], []);
        Assert.Equal(["1.1.1.1"], named.Resolvers);
        Assert.Empty(named.ResolverFiles);
        Assert.Equal(3, named.SearchDomainFiles.Count);
        Assert.Equal(["10.0.0.53"], Describe([], []).Resolvers);
        Write("etc/netns/x/resolv.conf", "search a\nnameserver fd00::53\nnameserver 10.9.9.9\n");
        Assert.Equal(["fd00::53", "10.9.9.9"], Describe([], []).Resolvers);
        Assert.Equal(Path.Combine(root, "etc/netns/x/resolv.conf"), Describe([], []).ResolverFiles[0]);
    }

    [Fact]
    public void Search_domains_come_from_the_same_places_and_of_several_lines_the_last_counts()
    {
        Write("etc/resolv.conf", "domain corp.example\n");
        var named = Describe([], [[], ["A.b."]]);
        Assert.Equal(["a.b"], named.SearchDomains);
        Assert.Empty(named.SearchDomainFiles);
        Assert.Equal(["corp.example"], Describe([], []).SearchDomains);
        Write("etc/netns/x/resolv.conf", "domain z\nsearch shop.mesh Mesh. .\nnameserver fd00::53\n");
        Assert.Equal(["shop.mesh", "mesh"], Describe([], []).SearchDomains);
    }

    private Enrolment Describe(string[][] servers, string[][] domains) => NameService.Describe(
        new() { Namespace = "shop", Workload = "cart", Addresses = [], Attachment = new("c", "eth0"), NamespacePath = "/run/netns/x", NamespaceInode = 1 }, servers, domains, "/run/netns/x", root);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(root, file), text);
}
