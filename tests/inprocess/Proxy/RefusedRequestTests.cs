using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Requests that cannot be read are counted and recorded like any other.</summary>
public sealed class RefusedRequestTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a", 400)]
    [InlineData("long", 431)]
    [InlineData("longer", 414)]
    public async Task Request_of_HTTP1_is_recorded_with_the_status_that_it_got(string request, int status)
    {
        if (request == "long") request = $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('x', 70_000)}\r\n\r\n";
        if (request == "longer") request = $"GET /{new string('x', 70_000)} HTTP/1.1\r\nHost: a\r\n\r\n";
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            // A request in order goes before it: nothing of that may be taken for the other's.
            await client.SendAsync("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await client.ReadHeadAsync();
            await client.SendAsync(request);
            await client.FinishAsync();
            Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadToEndAsync());
        });
        var record = await gateway.RecordAsync(1);
        Assert.Equal(("http", status, ResponseFlag.DPE), (record.Kind, record.Status, record.Flag));
        Assert.NotEqual("/first", record.Path);
        Assert.Equal(2, gateway.Traffic.Records.Count);
    }

    [Fact]
    public async Task Stream_of_HTTP2_that_is_malformed_is_recorded_with_what_is_known()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var http2 = Http2Peer.Client((await gateway.ConnectAsync()).Connection).Http2;
            var malformed = await http2.OpenAsync(Heads.Of((":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "a"), ("connection", "close")), endStream: true);
            await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(async () => await malformed.ReadHeadersAsync());
            var large = await http2.OpenAsync(Heads.Request("GET", "/b", ("x", new string('x', 70_000))), endStream: true);
            Assert.Equal("431", Heads.Text(await large.ReadHeadersAsync(), ":status"));
        });
        var (first, second) = (await gateway.RecordAsync(), await gateway.RecordAsync(1));
        Assert.Equal((400, ResponseFlag.DPE, "GET", "/a"), (first.Status, first.Flag, first.Method, first.Path));
        Assert.Equal((431, ResponseFlag.DPE), (second.Status, second.Flag));
    }

    [Fact]
    public async Task Body_of_HTTP2_that_breaks_its_promise_is_the_clients_fault()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var stream = await Http2Peer.Client((await gateway.ConnectAsync()).Connection).Http2.OpenAsync(Heads.Request("POST", "/", ("content-length", "3")), endStream: false);
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await stream.Output.WriteAsync(new byte[4]);
            await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(async () => await stream.ReadHeadersAsync());
            Assert.Equal(ErrorCode.ProtocolError, stream.ResetCode);
        });
        Assert.Equal(ResponseFlag.DPE, (await gateway.RecordAsync()).Flag);
    }
}
