using System.Text.Json.Nodes;

namespace Mesh.Tests.InProcess.Controller;

public sealed class AccessTests : IAsyncLifetime
{
    private ControllerFixture controller = null!;

    public async Task InitializeAsync() => controller = await ControllerFixture.StartAsync();

    public async Task DisposeAsync() => await controller.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task Request_without_a_valid_token_is_refused(string? token)
    {
        using var client = controller.Client(token);
        Assert.Equal(401, (await controller.SendAsync("GET", "/api/v1/namespaces", client: client)).Code);
    }

    [Fact]
    public void Kubeconfig_is_readable_by_its_owner_only() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(controller.Kubeconfig));

    [Fact]
    public async Task Viewer_reads_and_changes_nothing()
    {
        using var viewer = await ClientAsync("""{"user":"v","role":"viewer"}""");

        Assert.Equal(200, (await controller.SendAsync("GET", "/api/v1/namespaces", client: viewer)).Code);
        Assert.Equal(403, (await controller.SendAsync("POST", "/api/v1/namespaces", """{"metadata":{"name":"x"}}""", client: viewer)).Code);
        Assert.Equal(403, (await controller.SendAsync("GET", "/apis/mesh.internal/v1/audit", client: viewer)).Code);
        Assert.Equal(403, (await controller.SendAsync("POST", "/apis/mesh.internal/v1/jointokens", "{}", client: viewer)).Code);
    }

    [Fact]
    public async Task Operator_changes_policies_of_its_namespaces_only()
    {
        using var client = await ClientAsync("""{"user":"o","role":"operator","namespaces":["default"]}""");
        const string policy = """{"metadata":{"name":"p"},"spec":{}}""";

        Assert.Equal(201, (await controller.SendAsync("POST", "/apis/mesh.internal/v1/namespaces/default/accesspolicies", policy, client: client)).Code);
        Assert.Equal(403, (await controller.SendAsync("POST", "/apis/mesh.internal/v1/namespaces/mesh-system/accesspolicies", policy, client: client)).Code);
        Assert.Equal(403, (await controller.SendAsync("DELETE", "/api/v1/namespaces/mesh-system", client: client)).Code);
        Assert.Equal("false", await CanAsync(client, "create", "services"));
        Assert.Equal("true", await CanAsync(client, "create", "accesspolicies"));
    }

    [Fact]
    public async Task Join_token_is_made_and_bad_wishes_are_refused()
    {
        const string path = "/apis/mesh.internal/v1/jointokens";

        Assert.Equal(201, (await controller.SendAsync("POST", path, """{"ttl":"30m","node":"n1"}""")).Code);
        Assert.Equal(400, (await controller.SendAsync("POST", path, """{"ttl":"soon"}""")).Code);
        Assert.Equal(400, (await controller.SendAsync("POST", path, """{"uses":0}""")).Code);
        Assert.Equal(400, (await controller.SendAsync("POST", path, """{"colour":"red"}""")).Code);
        Assert.Equal(405, (await controller.SendAsync("GET", path)).Code);
    }

    [Fact]
    public async Task Metrics_count_requests_and_readiness_answers()
    {
        await controller.SendAsync("GET", "/api/v1/namespaces");
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync($"http://{controller.Metrics}/metrics");

        Assert.Contains("mesh_controller_requests_total{method=\"GET\",code=\"200\"} 1", metrics, StringComparison.Ordinal);
        Assert.Equal("ok", await http.GetStringAsync($"http://{controller.Metrics}/readyz"));
    }

    private async Task<HttpClient> ClientAsync(string wish) =>
        controller.Client((await controller.SendAsync("POST", "/apis/mesh.internal/v1/accesstokens", wish)).Body["token"]!.ToString());

    private async Task<string> CanAsync(HttpClient client, string verb, string resource)
    {
        var wish = new JsonObject { ["spec"] = new JsonObject { ["resourceAttributes"] = new JsonObject { ["verb"] = verb, ["resource"] = resource, ["namespace"] = "default" } } };
        return (await controller.SendAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", wish.ToJsonString(), client: client)).Body["status"]!["allowed"]!.ToJsonString();
    }
}
