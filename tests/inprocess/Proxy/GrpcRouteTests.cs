using Mesh.Http;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Calls by service and method at a gateway.</summary>
public sealed class GrpcRouteTests
{
    [Fact]
    public async Task Call_goes_where_its_service_and_method_lead()
    {
        await using var gateway = new TestGateway();
        var (add, cart, rest) = (gateway.App(), gateway.App(), gateway.App());
        gateway.GrpcRoute((Match("test.Cart", "Add"), add.Address), (Match("test.Cart", null), cart.Address), (Match(null, "List"), rest.Address)).Start();
        await gateway.RunAsync(async () =>
        {
            var client = Http2Peer.Client((await gateway.ConnectAsync()).Connection);
            await Answers(client, add, "/test.Cart/Add");
            var second = await Answers(client, cart, "/test.Cart/Remove");
            await Answers(client, cart, "/test.Cart/List", second);
            await Answers(client, rest, "/test.Stock/List");
            Assert.Equal(ResponseFlag.None, (await gateway.RecordAsync(3)).Flag);
        });
    }

    [Fact]
    public async Task Call_that_no_rule_takes_is_unimplemented_and_a_request_is_not_found()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.GrpcRoute((Match("test.Cart", null), app.Address)).Start();
        await gateway.RunAsync(async () =>
        {
            var client = Http2Peer.Client((await gateway.ConnectAsync()).Connection);
            foreach (string path in (string[])["/test.Stock/List", "/test.Carts/Add", "/"])
            {
                var call = await client.RequestAsync(Call(path), "\0\0\0\0\0");
                var answer = await call.ReadHeadersAsync();
                Assert.Equal(("200", "12", "application/grpc"), (Text(answer, ":status"), Text(answer, "grpc-status"), Text(answer, "content-type")));
                Assert.StartsWith("NR ", Text(answer, "x-mesh-error"));
            }
            Assert.Equal(ResponseFlag.NR, (await gateway.RecordAsync(2)).Flag);
            var page = await client.RequestAsync(Request("GET", "/test.Cart/Add"));
            Assert.Equal("404", Text(await page.ReadHeadersAsync(), ":status"));
        });
    }

    /// <param name="known">The connection that the gateway has to the application already.</param>
    private static async Task<Http2Peer> Answers(Http2Peer client, PeerServer app, string path, Http2Peer? known = null)
    {
        var call = await client.RequestAsync(Call(path), "\0\0\0\0\0");
        known ??= Http2Peer.Server((await app.AcceptAsync()).Connection);
        var stream = await known.AcceptAsync();
        Assert.Equal(path, Text(stream.Headers, ":path"));
        await Bodies.ReadAllAsync(stream.Input);
        await Http2Peer.RespondAsync(stream, Response(200, ("content-type", "application/grpc"), ("grpc-status", "0")));
        Assert.Equal("0", Text(await call.ReadHeadersAsync(), "grpc-status"));
        return known;
    }

    private static HeaderList Call(string path) => Request("POST", path, ("content-type", "application/grpc"), ("te", "trailers"));

    private static GrpcMatch Match(string? service, string? method) => new()
    {
        Service = service is null ? null : new StringMatch { Value = service },
        Method = method is null ? null : new StringMatch { Value = method },
    };
}
