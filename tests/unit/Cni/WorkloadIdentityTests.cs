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
