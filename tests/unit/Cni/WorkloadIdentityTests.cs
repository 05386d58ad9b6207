using Mesh.Cni.Commands;
using Mesh.Cni.Spec;
using Mesh.Cni.Workloads;

namespace Mesh.Tests.Unit.Cni;

public sealed class WorkloadIdentityTests
{
    [Fact]
    public void Kubernetes_names_leave_the_service_account_to_the_daemon()
    {
        var identity = From("IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-7d9;K8S_POD_INFRA_CONTAINER_ID=f00;K8S_POD_UID=u-1");
        Assert.Equal(("shop", "cart-7d9", null, "u-1"), (identity.Namespace, identity.Name, identity.ServiceAccount, identity.PodUid));
    }

    [Fact]
    public void Podman_gives_a_name_only()
    {
        var identity = From("IgnoreUnknown=1;K8S_POD_NAME=My_Container");
        Assert.Equal(("default", "My_Container", "default"), (identity.Namespace, identity.Name, identity.ServiceAccount));
    }

    [Fact]
    public void Without_any_name_the_container_s_id_is_the_workload() => Assert.Equal("c1", From("").Name);

    [Theory]
    [InlineData("MESH_NAMESPACE=shop;MESH_LABELS=app=cart;version=v2;MESH_WORKLOAD=cart")]
    [InlineData("MESH_LABELS=app:cart,version:v2;MESH_NAMESPACE=shop;MESH_WORKLOAD=cart")]
    public void Labels_in_either_form_are_read_and_names_after_them_too(string text)
    {
        var identity = From(text);
        Assert.Equal("shop/cart", $"{identity.Namespace}/{identity.Name}");
        Assert.Equal(["app=cart", "version=v2"], identity.Labels.Select(static label => $"{label.Key}={label.Value}").Order());
    }

    [Fact]
    public void Resolvers_come_from_the_network_then_the_namespace_s_file_then_the_machine_s()
    {
        string root = Directory.CreateTempSubdirectory("mesh-resolvers-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "etc/netns/x"));
        File.WriteAllText(Path.Combine(root, "etc/resolv.conf"), "# x\nnameserver 127.0.0.53\nnameserver 10.0.0.53\n");
        Assert.Equal(["1.1.1.1"], ResolverList.Find([[], ["127.0.0.1", "1.1.1.1"]], "/run/netns/x", root));
        Assert.Equal(["10.0.0.53"], ResolverList.Find([], "/run/netns/x", root));
        File.WriteAllText(Path.Combine(root, "etc/netns/x/resolv.conf"), "search a\nnameserver fd00::53\nnameserver 10.9.9.9\n");
        Assert.Equal(["fd00::53", "10.9.9.9"], ResolverList.Find([], "/run/netns/x", root));
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void Search_domains_come_from_the_same_places_and_of_several_lines_the_last_counts()
    {
        string root = Directory.CreateTempSubdirectory("mesh-resolvers-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "etc/netns/x"));
        File.WriteAllText(Path.Combine(root, "etc/resolv.conf"), "domain corp.example\n");
        Assert.Equal(["a.b"], ResolverList.FindSearchDomains([[], ["A.b."]], "/run/netns/x", root));
        Assert.Equal(["corp.example"], ResolverList.FindSearchDomains([], "/run/netns/x", root));
        File.WriteAllText(Path.Combine(root, "etc/netns/x/resolv.conf"), "domain z\nsearch shop.mesh Mesh. .\nnameserver fd00::53\n");
        Assert.Equal(["shop.mesh", "mesh"], ResolverList.FindSearchDomains([], "/run/netns/x", root));
        Directory.Delete(root, recursive: true);
    }

    [Theory]
    [InlineData("--cgroup /a", "--cgroup is not supported yet")]
    [InlineData("--unit a.service", "--unit is not supported yet")]
    [InlineData("--nets x", "unknown option --nets")]
    [InlineData("--netns", "--netns needs a value")]
    [InlineData("--netns a --netns b", "--netns is given twice")]
    [InlineData("--no-dns=1", "--no-dns takes no value")]
    public void Wrong_usage_is_told(string arguments, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => CommandOptions.Parse(arguments.Split(' '))).Message);

    [Fact]
    public void Bare_namespace_name_means_the_one_of_ip_netns() =>
        Assert.Equal("/run/netns/blue", CommandOptions.Parse(["--netns", "blue"]).NamespacePath);

    private static WorkloadIdentity From(string text)
    {
        Assert.True(CniArguments.TryParse(text, out var arguments, out string fault), fault);
        return WorkloadIdentity.From(name => arguments[name], "c1");
    }
}
