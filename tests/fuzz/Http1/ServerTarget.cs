using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Fuzz.Http1;

/// <summary>A connection with any bytes on it: ends, and serves the same requests wherever the bytes are split.</summary>
internal sealed partial class ServerTarget : IFuzzTarget
{
    public string Name => "http1-server";

    public IEnumerable<byte[]> Seeds =>
    [
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nTrail: er\r\n\r\nGET /z HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
        "\r\n\r\nPUT /y HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwxyzGET /z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(),
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhiHEAD / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        string whole = Serve([input.ToArray()]);
        Assert.Equal(whole, Serve(Pieces.Of(input)));
    }

    /// <summary>What the handler saw and how each request ended. Interim responses, and which of several faults is named, depend on what has arrived.</summary>
    private static string Serve(List<byte[]> pieces)
    {
        var loop = new TestLoop();
        var (client, server) = MemoryConnection.Pair(loop, bufferBytes: 4 * 1024 * 1024);
        var handler = new Recorder();
        var run = loop.RunAsync(() => new Http1ServerConnection(server, handler, HttpLimits.Default).RunAsync().AsTask());
        var answers = new StringBuilder();
        foreach (byte[] piece in pieces)
        {
            Send(client, piece);
            loop.RunUntilIdle();
            Take(client, answers);
        }
        if (!client.IsOver) client.Output.Complete();
        loop.RunUntilIdle();
        Take(client, answers);
        Assert.True(run.IsCompleted, "the connection does not end when its input has");
        run.GetAwaiter().GetResult();
        return handler.Log.Append(Statuses(answers.ToString())).ToString();
    }

    /// <summary>Each piece in a segment of its own, as it can come from a socket whose buffers are full.</summary>
    private static void Send(MemoryConnection client, byte[] piece)
    {
        try
        {
            piece.CopyTo(client.Output.GetMemory(Math.Max(4096, piece.Length)));
            client.Output.Advance(piece.Length);
            _ = client.Output.FlushAsync();
        }
        catch (Mesh.Io.ConnectionBrokenException)
        {
            // The server had enough.
        }
    }

    /// <summary>What has come. A client that sends on after it has said its last is reset, which takes what it has not read.</summary>
    private static void Take(MemoryConnection client, StringBuilder answers)
    {
        try
        {
            if (!client.Input.TryRead(out var read)) return;
            answers.Append(Encoding.Latin1.GetString(read.Buffer));
            client.Input.AdvanceTo(read.Buffer.End);
        }
        catch (Mesh.Io.ConnectionBrokenException)
        {
            // Nothing more comes.
        }
    }

    private static string Statuses(string answers) => string.Join(' ', StatusLine().Matches(answers).Select(static match => match.Groups[1].Value)
        .Where(static status => status != "100").Select(static status => status == "200" ? "served" : "refused"));

    [GeneratedRegex(@"HTTP/1\.1 (\d{3}) ")]
    private static partial Regex StatusLine();

    private sealed class Recorder : IHttpHandler
    {
        public StringBuilder Log { get; } = new();

        public async ValueTask HandleAsync(ServerExchange exchange)
        {
            string request = $"{exchange.Request.Method} {exchange.Request.Authority} {exchange.Request.Target}\n{exchange.Request.Headers}";
            var body = new StringBuilder();
            while (true)
            {
                var read = await exchange.RequestBody.ReadAsync();
                body.Append(Encoding.Latin1.GetString(read.Buffer));
                exchange.RequestBody.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            Log.Append(request).Append(body).Append('\n').Append(exchange.RequestTrailers).Append('\n');
            var head = new ResponseHead { Status = 200 };
            exchange.StartResponse(head, BodyFraming.OfLength(2));
            await exchange.WriteAsync(new ReadOnlySequence<byte>("ok"u8.ToArray()));
            await exchange.FinishAsync();
        }
    }
}
