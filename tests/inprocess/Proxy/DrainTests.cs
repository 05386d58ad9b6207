using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>What conversations are told when the daemon is to end.</summary>
public sealed class DrainTests
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Idle_connection_is_closed_and_a_busy_one_after_its_response()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var idle = await gateway.ConnectAsync();
            await idle.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await idle.ReadHeadAsync();

            var busy = await gateway.ConnectAsync();
            await busy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            await server.ReadHeadAsync();
            var drained = gateway.DrainAsync(bound);
            Assert.Equal("", await idle.ReadToEndAsync());
            await idle.FinishAsync();
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
            string answer = await busy.ReadToEndAsync();
            Assert.Contains("connection: close\r\n", answer);
            Assert.EndsWith("last", answer);
            await busy.FinishAsync();
            Assert.Equal(0, await drained);
        });
    }

    [Fact]
    public async Task HTTP2_client_gets_GOAWAY_and_its_stream_finishes()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = Http2Peer.Client((await gateway.ConnectAsync()).Connection);
            var request = await client.RequestAsync(Request());
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            var drained = gateway.DrainAsync(bound);
            while (!client.Http2.Draining) await Task.Yield();
            Assert.False(client.Http2.CanOpen);
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
            await request.ReadHeadersAsync();
            Assert.Equal("last", await Bodies.ReadTextAsync(request.Input));
            Assert.Equal(0, await drained);
        });
    }

    [Fact]
    public async Task WebSocket_gets_a_close_frame_on_both_sides_between_two_frames()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            await client.ReadHeadAsync();
            await server.SendAsync("\u0081\u0004ha"); // half of a frame
            await client.ReadAsync(4);
            var drained = gateway.DrainAsync(bound);
            // The other direction is between frames: it is closed at once.
            string toServer = await server.ReadToEndAsync();
            Assert.Equal((8, '\u0088', '\u0082'), (toServer.Length, toServer[0], toServer[1]));
            await server.SendAsync("lf\u0081\u0001x");
            Assert.Equal("lf\u0088\u0002\u0003\u00E9", await client.ReadToEndAsync());
            await client.SendAsync("\u0088\u0080\0\0\0\0");
            await client.FinishAsync();
            await server.FinishAsync();
            Assert.Equal(0, await drained);
        });
    }

    [Fact]
    public async Task WebSocket_whose_sides_do_not_answer_is_cut()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            await client.ReadHeadAsync();
            Assert.Equal(0, await gateway.DrainAsync(bound));
            Assert.Equal("\u0088\u0002\u0003\u00E9", await client.ReadToEndAsync());
        });
    }
}
