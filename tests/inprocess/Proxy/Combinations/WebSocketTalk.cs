using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>WebSocket by either version of HTTP on either side (RFC 6455, RFC 8441).</summary>
internal static class WebSocketTalk
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==", Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private const int Text1 = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;

    private static readonly string[] up = [Frame(Text1, 5, true), Frame(Binary, 0, true), Frame(Binary, 126, true), Frame(Pong, 4, true), Frame(Binary, 70_000, true), Frame(Close, 2, true)];
    private static readonly string[] down = [Frame(Text1, 125, false), Frame(Ping, 4, false), Frame(Binary, 1, false), Frame(Binary, 65_536, false), Frame(Binary, 3, false), Frame(Close, 2, false)];

    public static Conversation[] All { get; } =
    [
        new("WebSocket", TestMachines.Wire.Http, talk => HoldAsync(talk, FromHttp1Async, ToHttp1Async)),
        new("WebSocket by HTTP/2", TestMachines.Wire.Http2, talk => HoldAsync(talk, FromHttp2Async, ToHttp2Async)),
        new("WebSocket, HTTP/2 to HTTP/1.1", TestMachines.Wire.Http, talk => HoldAsync(talk, FromHttp2Async, ToHttp1Async), IsDetected: false),
        new("WebSocket, HTTP/1.1 to HTTP/2", TestMachines.Wire.Http2, talk => HoldAsync(talk, FromHttp1Async, ToHttp2Async), IsDetected: false),
    ];

    /// <summary>One side of an open WebSocket: bytes and a half-close.</summary>
    private sealed record Side(Func<string, Task> SendAsync, Func<string, Task> ReadAsync, Func<Task> EndAsync, Func<Task<string>> ReadToEndAsync)
    {
        public static Side Of(Peer peer) => new(peer.SendAsync, async expected => Assert.True(expected == await peer.ReadAsync(expected.Length)), peer.FinishAsync, peer.ReadToEndAsync);

        public static Side Of(Http2Stream stream) => new(
            text => Http2Peer.SendAsync(stream, text), expected => Http2Talk.ReadAsync(stream, expected), async () => await stream.Output.CompleteAsync(), () => Bodies.ReadTextAsync(stream.Input));
    }

    private static async Task HoldAsync(Talk talk, Func<Peer, Task<Func<Task<Side>>>> open, Func<Peer, Task<Side>> accept)
    {
        var opening = await open(talk.Client);
        var app = await accept(await talk.AcceptAsync());
        var client = await opening();
        for (int i = 0; i < up.Length; i++)
        {
            await client.SendAsync(up[i]);
            await app.ReadAsync(up[i]);
            await app.SendAsync(down[i]);
            await client.ReadAsync(down[i]);
        }
        await client.EndAsync();
        Assert.Equal("", await app.ReadToEndAsync());
        await app.EndAsync();
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal("websocket", (await talk.RecordAsync()).Labels?.Protocol);
    }

    private static async Task<Func<Task<Side>>> FromHttp1Async(Peer client)
    {
        await client.SendAsync($"GET /chat HTTP/1.1\r\nHost: cart\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {Key}\r\nSec-WebSocket-Version: 13\r\n\r\n");
        return async () =>
        {
            string head = await client.ReadHeadAsync();
            Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", head);
            // The pair of RFC 6455 1.3.
            Assert.Contains($"sec-websocket-accept: {Accept}\r\n", head, StringComparison.OrdinalIgnoreCase);
            return Side.Of(client);
        };
    }

    private static async Task<Func<Task<Side>>> FromHttp2Async(Peer client)
    {
        var peer = Http2Peer.Client(client.Connection);
        await peer.Http2.WaitForPeerAsync();
        var stream = await peer.Http2.OpenAsync(Request("CONNECT", "/chat", (":protocol", "websocket"), ("sec-websocket-version", "13")), endStream: false);
        return async () =>
        {
            Assert.Equal(":status: 200", Fields.Of(await stream.ReadHeadersAsync()));
            return Side.Of(stream);
        };
    }

    private static async Task<Side> ToHttp1Async(Peer app)
    {
        string head = await app.ReadHeadAsync();
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", head);
        Assert.Contains("\r\nupgrade: websocket\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nconnection: upgrade\r\n", head);
        Assert.Contains("\r\nsec-websocket-version: 13\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("(?i)\r\nsec-websocket-key: [A-Za-z0-9+/]{22}==\r\n", head);
        string key = head.Split("\r\n").Single(static line => line.StartsWith("sec-websocket-key: ", StringComparison.OrdinalIgnoreCase))["sec-websocket-key: ".Length..];
        string accept = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(System.Text.Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await app.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        return Side.Of(app);
    }

    private static async Task<Side> ToHttp2Async(Peer app)
    {
        var stream = await Http2Peer.Server(app.Connection).AcceptAsync();
        Assert.Equal(("CONNECT", "websocket", "/chat", "13", null), (
            Text(stream.Headers, ":method"), Text(stream.Headers, ":protocol"), Text(stream.Headers, ":path"), Text(stream.Headers, "sec-websocket-version"), Text(stream.Headers, "sec-websocket-key")));
        await stream.SendHeadersAsync(Response(200), endStream: false);
        return Side.Of(stream);
    }

    /// <summary>RFC 6455 5.2.</summary>
    private static string Frame(int opcode, int bytes, bool masked)
    {
        string length = bytes switch
        {
            < 126 => $"{(char)(bytes | (masked ? 128 : 0))}",
            < 65_536 => $"{(char)(126 | (masked ? 128 : 0))}{(char)(bytes >> 8)}{(char)(bytes & 255)}",
            _ => $"{(char)(127 | (masked ? 128 : 0))}\0\0\0\0\0{(char)(bytes >> 16)}{(char)(bytes >> 8 & 255)}{(char)(bytes & 255)}",
        };
        return $"{(char)(128 | opcode)}{length}{(masked ? "mask" : "")}{Pattern.Text(bytes)}";
    }
}
