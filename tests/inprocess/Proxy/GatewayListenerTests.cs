using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Listeners of HTTP that share a port: one socket, and each request is for the listener whose host fits best.</summary>
public sealed class GatewayListenerTests
{
    [Fact]
    public async Task Each_request_of_one_connection_is_for_the_listener_that_fits_best()
    {
        await using var gateway = new TestGateway();
        var (exact, wide, rest) = (gateway.App(), gateway.App(), gateway.App());
        gateway.StartHttp(
            ["a.example", "*.example", ""],
            gateway.RouteOf("a.example", exact.Address),
            gateway.RouteOf("*.example", wide.Address, "b.example", "a.example", "c.other"),
            gateway.RouteOf("every", rest.Address, "c.other", "a.example"));
        Assert.Equal(1, gateway.Listeners);
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await AnswersAsync(client, "a.example", exact);
            await AnswersAsync(client, "b.example", wide);
            await AnswersAsync(client, "c.other", rest);
            foreach (var (host, listener) in ((string, string)[])[("x.example", "*.example"), ("d.other", "every")])
                await RefusesAsync(client, host, listener);
        });
    }

    [Fact]
    public async Task Host_of_no_listener_is_not_found()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.StartHttp(["a.example", "b.example"], gateway.RouteOf("a.example", app.Address), gateway.RouteOf("b.example", app.Address));
        await gateway.RunAsync(async () => await RefusesAsync(await gateway.ConnectAsync(), "c.example", null));
    }

    private static async Task AnswersAsync(Peer client, string host, PeerServer app)
    {
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}:80\r\n\r\n");
        var server = await app.AcceptAsync();
        Assert.Contains($"ost: {host}", await server.ReadHeadAsync());
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadMessageAsync());
    }

    private static async Task RefusesAsync(Peer client, string host, string? listener)
    {
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 404 ", answer);
        Assert.Contains(listener is null ? "of gateway test/gw port 0 matches" : $"of gateway test/gw listener {listener} matches", answer);
    }
}
