using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Mesh.Soak.Bodies;
using Mesh.Soak.Serving;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>HTTP/1.1 by hand, for what a well-behaved client does not do: pipelining with a half-close, bytes in odd pieces, leaving at any point.</summary>
internal static class RawRequests
{
    /// <summary>"POST /": so much makes every request of ours known as HTTP where nobody named the protocol.</summary>
    private const int BytesUntilDetected = 6;

    private sealed record Asked(int Id, BodyWish Wish);

    /// <summary>Several requests at once, then perhaps a half-close: every answer comes, in order.</summary>
    public static async Task PipelineAsync(Conversation talk)
    {
        var draw = talk.Draw;
        int port = AnyPort(talk), count = 1 + draw.Below(6);
        bool halfClose = draw.OneIn(2);
        using var socket = await Sockets.ConnectAsync(talk, port);
        var connection = new RawHttpConnection(socket, talk.Bound);
        var asked = new List<Asked>();
        var bytes = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            var wish = Wish(draw, port == talk.Target.RawHttp) with { Upload = draw.OneIn(2) ? draw.Size(20_000) : 0 };
            if (i < count - 1 && wish.Framing == Framing.Close) wish = wish with { Framing = Framing.Chunked };
            asked.Add(new Asked(talk.Ledger.Begin(), wish));
            AddRequest(bytes, talk, asked[^1], draw, last: i == count - 1 && !halfClose);
        }
        talk.Doing = $"{count} pipelined requests to {talk.Target.Host}:{port} from {socket.LocalEndPoint}, {(halfClose ? "half-close" : "connection: close")}: {string.Join(' ', asked.Select(one => one.Wish.Target))}";
        var sending = SendAsync(connection, [.. bytes], draw, halfClose);
        foreach (var one in asked) await ReadAnswerAsync(connection, talk, one);
        await sending;
        await connection.ReadToEndAsync(static rest =>
        {
            if (rest.Length > 0) throw new WrongException($"{rest.Length} bytes after the last answer");
        });
    }

    /// <summary>The answer comes before the body was sent; the client stops sending and reads it.</summary>
    public static async Task EarlyAnswerAsync(Conversation talk)
    {
        var draw = talk.Draw;
        int port = AnyPort(talk);
        var wish = Wish(draw, port == talk.Target.RawHttp) with { Upload = 8 << 20, Early = true, Status = 413 };
        using var socket = await Sockets.ConnectAsync(talk, port);
        var connection = new RawHttpConnection(socket, talk.Bound);
        var asked = new Asked(talk.Ledger.Begin(), wish);
        var bytes = new List<byte>();
        AddRequest(bytes, talk, asked, draw, last: false);
        int sent = draw.Below(200_000) + 1000;
        talk.Doing = $"{sent} bytes of a request of {bytes.Count} to {talk.Target.Host}:{port} from {socket.LocalEndPoint}, answered early: {wish.Target}";
        await connection.SendAsync(bytes.ToArray().AsMemory(0, sent));
        await ReadAnswerAsync(connection, talk, asked);
    }

    /// <summary>The server answers at length without reading the request, and then resets while the client, which reads slowly, still sends.
    /// What comes of the answer must be right; an end in order only if all of it came.</summary>
    public static async Task RudeAnswerAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var wish = Wish(draw, isRaw: true) with { Upload = 8 << 20, Early = true, Size = 100_000 + draw.Below(6 << 20) };
        wish = wish with { ResetAt = draw.OneIn(2) ? wish.Size : 1 + draw.Below((int)wish.Size) };
        using var socket = await Sockets.ConnectAsync(talk, talk.Target.RawHttp);
        var connection = new RawHttpConnection(socket, talk.Bound);
        var asked = new Asked(talk.Ledger.Begin(), wish);
        var bytes = new List<byte>();
        AddRequest(bytes, talk, asked, draw, last: false);
        talk.Doing = $"{wish.Target} at {talk.Target.Host}:{talk.Target.RawHttp} from {socket.LocalEndPoint} as {talk.Ledger.Text(asked.Id)}";
        var sending = SendAsync(connection, [.. bytes], draw, halfClose: false);
        try
        {
            await ReadRudeAnswerAsync(connection, talk, asked);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            // As it may be.
        }
        connection.Reset();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task ReadRudeAnswerAsync(RawHttpConnection connection, Conversation talk, Asked asked)
    {
        if (await connection.ReadHeadAsync() is not { } head) return;
        talk.Ledger.End(asked.Id);
        if (head["x-mesh-error"].Length > 0) return;
        string id = talk.Ledger.Text(asked.Id);
        if (head[BodyApplication.IdField] != id) throw new WrongException($"the answer to {head[BodyApplication.IdField]} came, expected {id}");
        await Task.Delay(TimeSpan.FromMilliseconds(talk.Draw.Below(400)), TimeProvider.System, talk.Bound);
        var check = new PatternCheck(asked.Wish.Seed, asked.Wish.Size);
        await connection.ReadBodyAsync(head, check.Must, isResponse: true);
        check.MustEnd();
    }

    /// <summary>Leaves somewhere in the middle of its requests or of their answers, in order or not.</summary>
    public static async Task LeaveAsync(Conversation talk)
    {
        var draw = talk.Draw;
        int port = AnyPort(talk), count = 1 + draw.Below(4);
        using var socket = await Sockets.ConnectAsync(talk, port);
        var connection = new RawHttpConnection(socket, talk.Bound);
        var bytes = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            var wish = Wish(draw, port == talk.Target.RawHttp) with { Upload = draw.Size(200_000) };
            // Broken off: the server may not call it wrong.
            AddRequest(bytes, talk, new Asked(talk.Ledger.Begin(), wish), draw, last: false);
        }
        int sent = 1 + draw.Below(bytes.Count);
        if (port == talk.Target.DetectedHttp && sent < BytesUntilDetected) talk.Ledger.Connection(answered: false);
        else talk.Ledger.Leave();
        talk.Doing = $"leave after {sent} of {bytes.Count} bytes to {talk.Target.Host}:{port}";
        await connection.SendAsync(bytes.ToArray().AsMemory(0, sent));
        byte[] some = new byte[1 + draw.Below(3000)];
        if (sent == bytes.Count && draw.OneIn(2)) await socket.ReceiveAsync(some.AsMemory(), talk.Bound);
        if (draw.OneIn(2)) connection.Reset();
    }

    private static int AnyPort(Conversation talk) => talk.Draw.Below(4) switch
    {
        0 => talk.Target.Http1,
        1 => talk.Target.Http2,
        2 when talk.Target.DetectedHttp > 0 => talk.Target.DetectedHttp,
        _ => talk.Target.RawHttp,
    };

    private static BodyWish Wish(Draw draw, bool isRaw) => new()
    {
        Seed = draw.Next(),
        Size = draw.Size(300_000),
        Framing = isRaw ? draw.Of(Framing.Length, Framing.Chunked, Framing.Close) : draw.Of(Framing.Length, Framing.Chunked),
    };

    private static void AddRequest(List<byte> bytes, Conversation talk, Asked asked, Draw draw, bool last)
    {
        var wish = asked.Wish;
        bool hasBody = wish.Upload > 0, chunked = hasBody && !wish.Early && draw.OneIn(2);
        var head = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{(hasBody ? "POST" : "GET")} {wish.Target} HTTP/1.1\r\nhost: {talk.Target.Host}\r\nx-request-id: {talk.Ledger.Text(asked.Id)}\r\n"));
        if (chunked) head.Append("transfer-encoding: chunked\r\n");
        else if (hasBody) head.Append(CultureInfo.InvariantCulture, $"content-length: {wish.Upload}\r\n");
        if (last) head.Append("connection: close\r\n");
        bytes.AddRange(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
        byte[] body = Pattern.Make(wish.UploadSeed, (int)wish.Upload);
        if (!chunked) bytes.AddRange(body);
        for (int at = 0; chunked && at < body.Length;)
        {
            int length = Math.Min(1 + draw.Below(9000), body.Length - at);
            bytes.AddRange(Encoding.ASCII.GetBytes(draw.OneIn(5) ? $"{length:X};ext=\"a;b\"\r\n" : $"{length:x}\r\n"));
            bytes.AddRange(body.AsSpan(at, length));
            bytes.AddRange("\r\n"u8);
            at += length;
        }
        if (chunked) bytes.AddRange(draw.OneIn(3) ? "0\r\nx-trailer: here\r\n\r\n"u8 : "0\r\n\r\n"u8);
    }

    private static async Task SendAsync(RawHttpConnection connection, byte[] bytes, Draw draw, bool halfClose)
    {
        bool odd = draw.OneIn(3) && bytes.Length < 5000;
        for (int at = 0; at < bytes.Length;)
        {
            int length = odd ? Math.Min(1 + draw.Below(300), bytes.Length - at) : bytes.Length - at;
            await connection.SendAsync(bytes.AsMemory(at, length));
            at += length;
        }
        if (halfClose) connection.HalfClose();
    }

    private static async Task ReadAnswerAsync(RawHttpConnection connection, Conversation talk, Asked asked)
    {
        string id = talk.Ledger.Text(asked.Id);
        var head = await connection.ReadHeadAsync() ?? throw new WrongException($"the connection ended before the answer to {id}");
        while (head.Status is > 100 and < 200) head = await connection.ReadHeadAsync() ?? throw new WrongException($"the connection ended before the answer to {id}");
        if (head.Status != asked.Wish.Status) throw new WrongException($"status {head.Status} to {id}, expected {asked.Wish.Status}; x-mesh-error: {head["x-mesh-error"]}");
        if (head[BodyApplication.IdField] != id) throw new WrongException($"the answer to {head[BodyApplication.IdField]} came, expected {id}");
        if (!asked.Wish.Early && head[BodyApplication.UploadField] != "ok") throw new WrongException($"verdict of the upload of {id}: {head[BodyApplication.UploadField]}");
        var check = new PatternCheck(asked.Wish.Seed, asked.Wish.Size);
        await connection.ReadBodyAsync(head, check.Must, isResponse: true);
        check.MustEnd();
        talk.Ledger.End(asked.Id, asked.Wish.Early ? -1 : asked.Wish.Upload, asked.Wish.Size);
    }
}
