using System.Globalization;
using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Requests with a body that the application has not acted on: sent once more, with what was read of the body. On one machine ("a") and through a tunnel ("b").</summary>
public sealed class RepeatedRequestTests
{
    [Theory]
    [InlineData("a", 10)]
    [InlineData("b", 10)]
    [InlineData("a", 3000)]
    [InlineData("b", 16 * 1024)]
    public void Body_that_the_application_refused_is_sent_again(string machine, int length) => With(machine, TestMachines.Wire.Http2, async (machines, app, client) =>
    {
        string body = Some(length);
        await client.SendAsync(Post(length) + body[..(length / 2)]);
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        (await ReadSomeAsync(server, length / 2)).Reset(ErrorCode.RefusedStream);
        await client.SendAsync(body[(length / 2)..]);
        var second = await server.AcceptAsync();
        Assert.Equal(body, await Bodies.ReadTextAsync(second.Input));
        await Http2Peer.RespondAsync(second, Response(204));
        Assert.StartsWith("HTTP/1.1 204 ", await client.ReadHeadAsync());
        var record = await machines.RecordAsync("a");
        Assert.Equal((ResponseFlag.None, (long)length), (record.Flag, record.ReceivedBytes));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Whole_call_with_trailers_is_sent_again_over_another_connection_when_five_go_away(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Request("POST"), "message", Of(("sum", "1")));
        for (int i = 0; i < 5; i++) await GoAwayAsync(await app.AcceptAsync());
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal("message", await Bodies.ReadTextAsync(stream.Input));
        Assert.Equal("1", Text(stream.Trailers!, "sum"));
        await Http2Peer.RespondAsync(stream, Response(200), "done");
        Assert.Equal("200", Text(await call.ReadHeadersAsync(), ":status"));
        Assert.Equal("done", await Bodies.ReadTextAsync(call.Input));
    });

    [Fact]
    public void Application_that_goes_away_for_ever_is_left_alone() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Request("POST"), "message");
        for (int i = 0; i < 6; i++) await GoAwayAsync(await app.AcceptAsync());
        Assert.Equal("503", Text(await call.ReadHeadersAsync(), ":status"));
        Assert.Equal(6, app.Count);
    });

    [Fact]
    public void Body_that_is_too_large_to_be_kept_is_not_sent_again() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        int length = 16 * 1024 + 1;
        await client.SendAsync(Post(length) + Some(length));
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        (await ReadSomeAsync(server, length)).Reset(ErrorCode.RefusedStream);
        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync());
    });

    [Fact]
    public void Application_that_refuses_again_is_not_asked_a_third_time() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync(Post(5) + "12345");
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        for (int i = 0; i < 2; i++) (await server.AcceptAsync()).Reset(ErrorCode.RefusedStream);
        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync());
    });

    /// <summary>The next request comes while the application closes the connection that it kept.</summary>
    [Theory]
    [InlineData("a", "PUT", true)]
    [InlineData("b", "PUT", true)]
    [InlineData("a", "POST", false)]
    [InlineData("b", "POST", false)]
    public void Only_idempotent_requests_are_sent_again_after_a_kept_connection_closed(string machine, string method, bool again) => With(machine, TestMachines.Wire.Http, async (_, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        var kept = await app.AcceptAsync();
        await kept.ReadHeadAsync();
        await kept.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.ReadHeadAsync();
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: cart\r\nContent-Length: 5\r\n\r\n12");
        await kept.ReadUntilAsync("12");
        kept.Abort();
        if (again)
        {
            var next = await app.AcceptAsync();
            await client.SendAsync("345");
            await next.ReadUntilAsync("\r\n\r\n12345");
            await next.SendAsync("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        }
        Assert.StartsWith(again ? "HTTP/1.1 201 " : "HTTP/1.1 503 ", await client.ReadHeadAsync());
    });

    private static async Task GoAwayAsync(Peer server)
    {
        await server.SendAsync(RawPeer.Frame(4, 0, 0).Concat(RawPeer.Frame(4, 1, 0)).ToArray());
        await server.ReadUntilAsync("message");
        await server.SendAsync(RawPeer.Frame(7, 0, 0, new byte[8]));
    }

    private static async Task<Http2Stream> ReadSomeAsync(Http2Peer server, int bytes)
    {
        var stream = await server.AcceptAsync();
        for (long got = 0; got < bytes;)
        {
            var read = await stream.Input.ReadAsync();
            got += read.Buffer.Length;
            stream.Input.AdvanceTo(read.Buffer.End);
        }
        return stream;
    }

    private static string Post(int length) => string.Create(CultureInfo.InvariantCulture, $"POST / HTTP/1.1\r\nHost: cart\r\nContent-Length: {length}\r\n\r\n");

    private static string Some(int length) => string.Concat(Enumerable.Range(0, length).Select(static i => (char)('a' + i % 23)));

    private static void With(string machine, TestMachines.Wire wire, Func<TestMachines, PeerServer, Peer, Task> test)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines, machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
