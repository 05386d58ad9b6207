using System.Text.Json.Nodes;

namespace Mesh.Tests.InProcess.Controller;

public sealed class WatchTests : IAsyncLifetime
{
    private const string namespaces = "/api/v1/namespaces";

    private ControllerFixture controller = null!;

    public async Task InitializeAsync() => controller = await ControllerFixture.StartAsync();

    public async Task DisposeAsync() => await controller.DisposeAsync();

    [Fact]
    public async Task Watch_from_a_list_sees_exactly_what_came_after()
    {
        var (_, list) = await controller.SendAsync("GET", namespaces);
        await controller.SendAsync("POST", namespaces, """{"metadata":{"name":"before"}}""");
        using var reader = await OpenAsync($"?watch=1&resourceVersion={list["metadata"]!["resourceVersion"]}");
        Assert.Equal("ADDED before", await NextAsync(reader));

        await controller.SendAsync("PATCH", namespaces + "/before", """{"metadata":{"labels":{"a":"b"}}}""", "application/merge-patch+json");
        await controller.SendAsync("DELETE", namespaces + "/before");
        Assert.Equal("MODIFIED before", await NextAsync(reader));
        Assert.Equal("DELETED before", await NextAsync(reader));
    }

    [Fact]
    public async Task Watch_without_a_version_starts_with_what_there_is()
    {
        using var reader = await OpenAsync("?watch=true&sendInitialEvents=true&allowWatchBookmarks=true");
        Assert.Equal("ADDED default", await NextAsync(reader));
        Assert.Equal("ADDED mesh-system", await NextAsync(reader));
        Assert.StartsWith("BOOKMARK", await NextAsync(reader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resource_that_a_selector_stops_matching_is_deleted_for_the_watch()
    {
        using var reader = await OpenAsync("?watch=1&labelSelector=team%3Da");
        await controller.SendAsync("POST", namespaces, """{"metadata":{"name":"x","labels":{"team":"a"}}}""");
        await controller.SendAsync("PATCH", namespaces + "/x", """{"metadata":{"labels":{"team":"b"}}}""", "application/merge-patch+json");

        Assert.Equal("ADDED x", await NextAsync(reader));
        Assert.Equal("DELETED x", await NextAsync(reader));
    }

    [Fact]
    public async Task Watch_ends_at_its_time_limit()
    {
        using var reader = await OpenAsync("?watch=1&resourceVersion=2&timeoutSeconds=1");
        Assert.Null(await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private async Task<StreamReader> OpenAsync(string query)
    {
        var response = await controller.Http.GetAsync(namespaces + query, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<string?> NextAsync(StreamReader reader)
    {
        var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10));
        var happened = JsonNode.Parse(line!)!;
        return $"{happened["type"]} {happened["object"]!["metadata"]!["name"]}";
    }
}
