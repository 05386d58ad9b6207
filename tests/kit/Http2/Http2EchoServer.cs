using System.Globalization;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;

namespace Mesh.Kit.Http2;

/// <summary>A small HTTP/2 server on real or simulated sockets: <c>GET /bytes/N</c> answers N bytes, <c>POST</c> echoes its body, anything else gets "hello".</summary>
public sealed class Http2EchoServer : IDisposable
{
    private readonly Listener listener;

    public Http2EchoServer(SocketFactory sockets, IReadOnlyList<Loop> loops, IpPort address, Http2Settings? settings = null) =>
        listener = sockets.Listen(address, loops, ListenOptions.Default, transport => _ = ServeAsync(transport, settings ?? Http2Settings.Server));

    public IpPort Address => listener.Address;

    public void Dispose() => listener.Dispose();

    public static async Task ServeAsync(Connection transport, Http2Settings settings)
    {
        var connection = Http2Connection.Server(transport, settings);
        var run = connection.RunAsync();
        while (await connection.AcceptAsync() is { } stream) _ = AnswerAsync(stream);
        await run;
    }

    private static async Task AnswerAsync(Http2Stream stream)
    {
        try
        {
            await AnswerOrThrowAsync(stream);
        }
        catch (ConnectionBrokenException)
        {
            // The client went away: an ordinary end.
        }
        finally
        {
            stream.Dispose();
        }
    }

    private static async Task AnswerOrThrowAsync(Http2Stream stream)
    {
        string path = Heads.Text(stream.Headers, ":path") ?? "";
        var head = new HeaderList();
        head.Add(":status"u8, "200"u8);
        head.Add("server"u8, "mesh-test"u8);
        await stream.SendHeadersAsync(head, endStream: false);
        if (Heads.Text(stream.Headers, ":method") == "POST") await EchoAsync(stream);
        else if (path.StartsWith("/bytes/", StringComparison.Ordinal)) await SendBytesAsync(stream, long.Parse(path[7..], CultureInfo.InvariantCulture));
        else await stream.Output.WriteAsync("hello"u8.ToArray());
        await stream.Output.CompleteAsync();
    }

    private static async Task SendBytesAsync(Http2Stream stream, long count)
    {
        while (count > 0)
        {
            var memory = stream.Output.GetMemory(16 * 1024);
            int length = (int)Math.Min(memory.Length, count);
            memory.Span[..length].Fill((byte)'x');
            stream.Output.Advance(length);
            count -= length;
            await stream.Output.FlushAsync();
        }
    }

    private static async Task EchoAsync(Http2Stream stream)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync();
            foreach (var piece in result.Buffer) await stream.Output.WriteAsync(piece);
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }
}
