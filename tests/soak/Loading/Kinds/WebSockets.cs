using System.Net;
using System.Net.WebSockets;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>WebSocket by the framework's client, over HTTP/1.1 and over HTTP/2, to servers of either.</summary>
internal static class WebSockets
{
    /// <summary>Messages of all sizes, some in pieces, come back as they were; then a close with its code, or none.</summary>
    public static async Task TalkAsync(Conversation talk)
    {
        var draw = talk.Draw;
        int port = draw.OneIn(2) ? talk.Target.Http1 : talk.Target.Http2;
        bool isHttp2 = draw.OneIn(3);
        int id = talk.Ledger.Begin();
        talk.Doing = $"WebSocket over {(isHttp2 ? "HTTP/2" : "HTTP/1.1")} to {talk.Target.Host}:{port} as {talk.Ledger.Text(id)}";
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("x-request-id", talk.Ledger.Text(id));
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.HttpVersion = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new Uri($"ws://{talk.Target.Host}:{port}/socket"), talk.Http.Of(isHttp2), talk.Bound);
        talk.Ledger.End(id);
        int messages = 1 + draw.Below(8);
        for (int i = 0; i < messages; i++) await EchoAsync(socket, talk, i);
        if (draw.OneIn(3))
        {
            socket.Abort();
            return;
        }
        int code = 3000 + draw.Below(1000);
        await socket.CloseAsync((WebSocketCloseStatus)code, "as asked", talk.Bound);
        if ((int?)socket.CloseStatus != code) throw new WrongException($"closed with {socket.CloseStatus}, expected {code}");
    }

    private static async Task EchoAsync(ClientWebSocket socket, Conversation talk, int number)
    {
        ulong seed = talk.Draw.Next();
        int size = talk.Draw.Size(300_000);
        talk.Doing += $" message {number} of {size}";
        byte[] message = Pattern.Make(seed, size);
        var sending = SendAsync(socket, message, talk.Draw.OneIn(3) ? 1 + size / 3 : Math.Max(size, 1), talk.Bound);
        var check = new PatternCheck(seed, size);
        byte[] buffer = new byte[32 * 1024];
        ValueWebSocketReceiveResult read;
        do
        {
            read = await socket.ReceiveAsync(buffer.AsMemory(), talk.Bound);
            if (read.MessageType != WebSocketMessageType.Binary) throw new WrongException($"a message of type {read.MessageType}: {socket.CloseStatus} {socket.CloseStatusDescription}");
            check.Must(buffer.AsSpan(0, read.Count));
        }
        while (!read.EndOfMessage);
        check.MustEnd();
        await sending;
    }

    private static async Task SendAsync(ClientWebSocket socket, byte[] message, int piece, CancellationToken bound)
    {
        int at = 0;
        do
        {
            int length = Math.Min(piece, message.Length - at);
            at += length;
            await socket.SendAsync(message.AsMemory(at - length, length), WebSocketMessageType.Binary, at == message.Length, bound);
        }
        while (at < message.Length);
    }
}
