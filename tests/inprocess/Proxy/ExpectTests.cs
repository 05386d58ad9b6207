using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Expect: 100-continue (RFC 9110 10.1.1) over both versions on either side; the application decides, or the mesh where it answers itself.</summary>
public sealed class ExpectTests
{
    private const string Asking = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task No_route_is_said_without_asking_for_the_body_and_the_connection_is_closed()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/there", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Asking);
            string answer = await client.ReadToEndAsync();
            Assert.StartsWith("HTTP/1.1 404 ", answer);
            Assert.Contains("connection: close\r\n", answer);
        });
        Assert.Equal(404, (await gateway.RecordAsync()).Status);
    }

    [Fact]
    public async Task Body_that_was_asked_for_and_sent_leaves_the_connection_usable()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            for (int i = 0; i < 3; i++)
            {
                await client.SendAsync(Asking);
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                await client.ReadHeadAsync();
                await client.SendAsync("abc");
                await server.ReadAsync(3);
                await server.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
                Assert.DoesNotContain("connection: close", await client.ReadMessageAsync());
            }
        });
    }

    [Theory]
    [InlineData("417 Expectation Failed")]
    [InlineData("200 OK")]
    [InlineData("302 Found")]
    public async Task Final_answer_instead_of_continue_closes_and_says_so(string status)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Asking);
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            string answer = await client.ReadToEndAsync();
            Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer);
            Assert.Contains("connection: close\r\n", answer);
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP2_waits_for_an_application_of_HTTP1(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).Http2.OpenAsync(Request("POST", "/", ("expect", "100-continue"), ("content-length", "3")), endStream: false);
        var server = await app.AcceptAsync();
        Assert.Contains("expect: 100-continue\r\n", await server.ReadHeadAsync());
        await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("100", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        await Http2Peer.SendAsync(request, "abc");
        await request.Output.CompleteAsync();
        Assert.Equal("abc", await server.ReadAsync(3));
        await server.SendAsync(Ok);
        Assert.Equal("200", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        Assert.Equal("ok", await Bodies.ReadTextAsync(request.Input));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP2_is_refused_by_an_application_of_HTTP1_and_its_stream_alone_ends(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var request = await peer.Http2.OpenAsync(Request("POST", "/", ("expect", "100-continue"), ("content-length", "3")), endStream: false);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("417", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        Assert.Equal(0, (await server.DrainAsync()).Bytes);
        var next = await peer.RequestAsync(Request());
        var second = await app.AcceptAsync();
        await second.ReadHeadAsync();
        await second.SendAsync(Ok);
        Assert.Equal("200", Text(await next.ReadHeadersAsync(), ":status"));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP1_waits_for_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync(Asking);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal("100-continue", Text(stream.Headers, "expect"));
        await stream.SendHeadersAsync(Response(100), endStream: false);
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        await client.SendAsync("abc");
        Assert.Equal("abc", await Bodies.ReadTextAsync(stream.Input));
        await Http2Peer.RespondAsync(stream, Response(200), "ok");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync());
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP1_is_refused_by_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync(Asking);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(417), endStream: true);
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 417 ", answer);
        Assert.Contains("connection: close\r\n", answer);
    });

    private static void With(string machine, TestMachines.Wire wire, Func<PeerServer, Peer, Task> test)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
