using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>What a request for another protocol may have in one version of HTTP and not in the other, on one machine ("a") and through a tunnel ("b").</summary>
public sealed class TranslatedUpgradeTests
{
    private const string Asking = "Host: cart\r\nUpgrade: x\r\nConnection: upgrade\r\n";

    /// <summary>Any but 0 is refused (tests/conformance): the application would wait for a body, and find it in the next request.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Length_of_a_CONNECT_is_not_passed_on(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var request = await AskAsync(client, ("content-length", "0"));
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", head);
        Assert.DoesNotContain("content-length", head);
        await server.SendAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("404", Text(await request.ReadHeadersAsync(), ":status"));
    });

    /// <summary>To the client every 2xx says that what follows is the other protocol.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Ordinary_answer_is_not_taken_for_a_switch(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var request = await AskAsync(client);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var head = await request.ReadHeadersAsync();
        Assert.Equal("502", Text(head, ":status"));
        Assert.StartsWith("DPE ", Text(head, "x-mesh-error"));
    });

    [Theory]
    [InlineData("a", "POST", "")]
    [InlineData("b", "POST", "")]
    [InlineData("a", "GET", "hello")]
    [InlineData("b", "POST", "hello")]
    public void What_CONNECT_cannot_say_is_sent_without_the_upgrade(string machine, string method, string body) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync($"{method} /chat HTTP/1.1\r\n{Asking}Content-Length: {body.Length}\r\n\r\n{body}");
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal((method, null, null), (Text(stream.Headers, ":method"), Text(stream.Headers, ":protocol"), Text(stream.Headers, "upgrade")));
        Assert.Equal(body, await Bodies.ReadTextAsync(stream.Input));
        await Http2Peer.RespondAsync(stream, Response(200), "ok");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync());
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Lengths_do_not_come_between_the_two_sides_of_a_switch(string machine) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync($"GET /chat HTTP/1.1\r\n{Asking}Content-Length: 0\r\n\r\n");
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal(("CONNECT", "x", null), (Text(stream.Headers, ":method"), Text(stream.Headers, ":protocol"), Text(stream.Headers, "content-length")));
        await stream.SendHeadersAsync(Response(200, ("content-length", "7")), endStream: false);
        string head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.DoesNotContain("content-length", head);
        await Http2Peer.SendAsync(stream, "more than seven");
        Assert.Equal("more than seven", await client.ReadAsync(15));
    });

    private static async Task<Http2Stream> AskAsync(Peer client, params (string Name, string Value)[] fields)
    {
        var peer = Http2Peer.Client(client.Connection);
        await peer.Http2.WaitForPeerAsync();
        return await peer.Http2.OpenAsync(Request("CONNECT", "/chat", [(":protocol", "websocket"), .. fields]), endStream: false);
    }

    private static void With(string machine, TestMachines.Wire wire, Func<PeerServer, Peer, Task> test)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
