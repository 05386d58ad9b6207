using System.Text.Json.Nodes;

namespace Mesh.Tests.InProcess.Controller;

public sealed class ResourceApiTests : IAsyncLifetime
{
    private const string services = "/api/v1/namespaces/default/services";

    private ControllerFixture controller = null!;

    public async Task InitializeAsync() => controller = await ControllerFixture.StartAsync();

    public async Task DisposeAsync() => await controller.DisposeAsync();

    [Fact]
    public async Task Created_service_is_read_back_defaulted_and_gets_a_virtual_address()
    {
        var (code, made) = await controller.SendAsync("POST", services, Service("web", 80));
        Assert.Equal((201, "TCP"), (code, made["spec"]!["ports"]![0]!["protocol"]!.ToString()));

        var found = await UntilAsync(services + "/web", service => service["status"]?["virtualAddresses"] is not null);
        Assert.StartsWith("240.240.", found["status"]!["virtualAddresses"]![0]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_service_is_refused_with_every_field_as_a_cause()
    {
        var (code, status) = await controller.SendAsync("POST", services, """{"metadata":{"name":"Web"},"spec":{"ports":[{"port":0,"colour":1}]}}""");

        Assert.Equal((422, "Status", "Invalid"), (code, status["kind"]!.ToString(), status["reason"]!.ToString()));
        Assert.Equal(
            ["metadata.name", "spec.ports[0].colour", "spec.ports[0].port"],
            status["details"]!["causes"]!.AsArray().Select(cause => cause!["field"]!.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Creating_twice_conflicts_and_missing_namespace_is_not_found()
    {
        await controller.SendAsync("POST", services, Service("web", 80));
        var (again, status) = await controller.SendAsync("POST", services, Service("web", 80));
        var (elsewhere, _) = await controller.SendAsync("POST", "/api/v1/namespaces/nowhere/services", Service("web", 80));

        Assert.Equal((409, "AlreadyExists", 404), (again, status["reason"]!.ToString(), elsewhere));
    }

    [Fact]
    public async Task Update_with_an_old_version_conflicts()
    {
        var (_, made) = await controller.SendAsync("POST", services, Service("web", 80));
        await controller.SendAsync("PATCH", services + "/web", """{"metadata":{"labels":{"a":"b"}}}""", "application/merge-patch+json");
        var (code, status) = await controller.SendAsync("PUT", services + "/web", made.ToJsonString());

        Assert.Equal((409, "Conflict"), (code, status["reason"]!.ToString()));
    }

    [Theory]
    [InlineData("application/merge-patch+json", """{"spec":{"selector":{"app":"x"}}}""")]
    [InlineData("application/json-patch+json", """[{"op":"add","path":"/spec/selector","value":{"app":"x"}}]""")]
    [InlineData("application/strategic-merge-patch+json", """{"spec":{"selector":{"app":"x"}}}""")]
    [InlineData("application/apply-patch+yaml", "spec: { selector: { app: x } }")]
    public async Task Every_kind_of_patch_changes_the_field_and_the_generation(string type, string patch)
    {
        await controller.SendAsync("POST", services, Service("web", 80));
        var (code, patched) = await controller.SendAsync("PATCH", services + "/web?fieldManager=test", patch, type);

        Assert.Equal((200, "x", 2, "80"), (code, patched["spec"]!["selector"]!["app"]!.ToString(), patched["metadata"]!["generation"]!.GetValue<int>(), patched["spec"]!["ports"]![0]!["port"]!.ToString()));
    }

    [Fact]
    public async Task Dry_run_answers_as_if_and_stores_nothing()
    {
        var (code, _) = await controller.SendAsync("POST", services + "?dryRun=All", Service("web", 80));
        Assert.Equal((201, 404), (code, (await controller.SendAsync("GET", services + "/web")).Code));
    }

    [Fact]
    public async Task Status_is_written_only_through_its_subresource()
    {
        await controller.SendAsync("PATCH", "/apis/mesh.internal/v1/nodes/n1?fieldManager=t", "spec: { }", "application/apply-patch+yaml");
        await controller.SendAsync("PATCH", "/apis/mesh.internal/v1/nodes/n1", """{"status":{"version":"1"}}""", "application/merge-patch+json");
        Assert.Null((await controller.SendAsync("GET", "/apis/mesh.internal/v1/nodes/n1")).Body["status"]);

        var (code, node) = await controller.SendAsync("PATCH", "/apis/mesh.internal/v1/nodes/n1/status", """{"status":{"version":"1"},"spec":{"addresses":["10.0.0.1"]}}""", "application/merge-patch+json");
        Assert.Equal((200, "1"), (code, node["status"]!["version"]!.ToString()));
        Assert.Null(node["spec"]?["addresses"]);
    }

    [Fact]
    public async Task List_pages_and_selects()
    {
        foreach (var name in new[] { "a", "b", "c" })
            await controller.SendAsync("POST", services, Service(name, 80, name == "b" ? "x" : "y"));

        var (_, page) = await controller.SendAsync("GET", services + "?limit=2");
        var (_, rest) = await controller.SendAsync("GET", services + "?limit=2&continue=" + Uri.EscapeDataString(page["metadata"]!["continue"]!.ToString()));
        Assert.Equal(["a", "b"], Names(page));
        Assert.Equal(["c"], Names(rest));
        Assert.Equal(["b"], Names((await controller.SendAsync("GET", services + "?labelSelector=tier%20in%20(x)")).Body));
        Assert.Equal(["a", "c"], Names((await controller.SendAsync("GET", services + "?labelSelector=tier!%3Dx")).Body));
        Assert.Equal(["c"], Names((await controller.SendAsync("GET", services + "?fieldSelector=metadata.name%3Dc")).Body));
        Assert.Equal(400, (await controller.SendAsync("GET", services + "?fieldSelector=spec.type%3Dc")).Code);
    }

    [Fact]
    public async Task Deleting_a_namespace_takes_everything_in_it()
    {
        await controller.SendAsync("POST", "/api/v1/namespaces", """{"metadata":{"name":"shop"}}""");
        await controller.SendAsync("POST", "/api/v1/namespaces/shop/services", Service("web", 80));
        Assert.Equal(200, (await controller.SendAsync("DELETE", "/api/v1/namespaces/shop")).Code);

        Assert.Equal(404, (await controller.SendAsync("GET", "/api/v1/namespaces/shop/services/web")).Code);
        Assert.Equal(403, (await controller.SendAsync("DELETE", "/api/v1/namespaces/default")).Code);
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/default/pods", null, "application/json", 404)]
    [InlineData("GET", "/apis/mesh.internal/v1/ratelimits", null, "application/json", 404)]
    [InlineData("POST", services + "/web", "{}", "application/json", 405)]
    [InlineData("DELETE", "/api/v1/services", null, "application/json", 405)]
    [InlineData("POST", services, "{}", "text/plain", 415)]
    [InlineData("PATCH", services + "/web", "{}", "application/json", 415)]
    [InlineData("POST", services, "{", "application/json", 400)]
    [InlineData("POST", services, """{"kind":"Pod"}""", "application/json", 400)]
    [InlineData("POST", services, """{"metadata":{"name":"a","name":"b"}}""", "application/json", 400)]
    [InlineData("PATCH", services + "/web", "a: 1", "application/apply-patch+yaml", 400)]
    [InlineData("GET", services + "?limit=-1", null, "application/json", 400)]
    [InlineData("GET", services + "?watch=1&resourceVersion=abc", null, "application/json", 400)]
    [InlineData("GET", services + "?watch=1&resourceVersion=99999", null, "application/json", 410)]
    public async Task Wrong_request_gets_the_status_that_kubernetes_gives(string method, string path, string? body, string type, int code)
    {
        var (answered, status) = await controller.SendAsync(method, path, body, type);
        Assert.Equal((code, "Failure", code), (answered, status["status"]!.ToString(), status["code"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Body_over_the_limit_is_refused() =>
        Assert.Equal(413, (await controller.SendAsync("POST", services, "\"" + new string('x', 4 * 1024 * 1024) + "\"")).Code);

    [Fact]
    public async Task Table_is_made_when_asked_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        using var response = await controller.Http.SendAsync(request);
        var table = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal("Table", table["kind"]!.ToString());
        Assert.Contains(table["rows"]!.AsArray(), row => row!["cells"]![0]!.ToString() == "default");
    }

    [Fact]
    public async Task Route_to_a_missing_service_is_taken_with_a_warning_and_its_condition_says_so()
    {
        const string routes = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";
        await controller.SendAsync("POST", services, Service("web", 80));
        using var response = await controller.Http.PostAsync(routes, new StringContent(
            """{"metadata":{"name":"r"},"spec":{"parentRefs":[{"kind":"Service","name":"web"}],"rules":[{"backendRefs":[{"name":"gone","port":80}]}]}}""", System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(201, (int)response.StatusCode);
        Assert.Contains("spec.rules[0].backendRefs[0].name", response.Headers.GetValues("Warning").Single(), StringComparison.Ordinal);
        var route = await UntilAsync(routes + "/r", route => route["status"]?["parents"] is not null);
        Assert.Contains(route["status"]!["parents"]![0]!["conditions"]!.AsArray(), condition => condition!["reason"]!.ToString() == "BackendNotFound");
    }

    [Fact]
    public async Task Audit_names_user_and_both_sides()
    {
        await controller.SendAsync("POST", services, Service("web", 80));
        await controller.SendAsync("DELETE", services + "/web");
        var (_, audit) = await controller.SendAsync("GET", "/apis/mesh.internal/v1/audit?limit=2");

        Assert.Equal(["delete", "create"], audit["items"]!.AsArray().Select(record => record!["what"]!.ToString()));
        Assert.All(audit["items"]!.AsArray(), record => Assert.Equal("admin", record!["who"]!.ToString()));
        Assert.Equal("web", audit["items"]![1]!["after"]!["metadata"]!["name"]!.ToString());
    }

    private static string Service(string name, int port, string tier = "z") =>
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["tier"] = tier } }, ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = port }) } }.ToJsonString();

    private static IEnumerable<string> Names(JsonObject list) => list["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.ToString());

    private async Task<JsonObject> UntilAsync(string path, Func<JsonObject, bool> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            var (_, found) = await controller.SendAsync("GET", path);
            if (condition(found))
                return found;

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, bound.Token);
        }
    }
}
