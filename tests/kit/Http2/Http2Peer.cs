using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;

namespace Mesh.Kit.Http2;

/// <summary>An HTTP/2 client or server that the test plays stream by stream, on its connection's loop.</summary>
public sealed class Http2Peer
{
    private Http2Peer(Http2Connection connection)
    {
        Http2 = connection;
        _ = connection.RunAsync();
    }

    public Http2Connection Http2 { get; }

    public static Http2Peer Client(Connection transport) => new(Http2Connection.Client(transport, Http2Settings.Requests));

    public static Http2Peer Server(Connection transport, Http2Settings? settings = null) =>
        new(Http2Connection.Server(transport, settings ?? Http2Settings.Requests));

    /// <summary>A request, with its body if there is one.</summary>
    public async Task<Http2Stream> RequestAsync(HeaderList head, string? body = null, HeaderList? trailers = null)
    {
        var stream = await Http2.OpenAsync(head, endStream: body is null && trailers is null);
        if (body is not null || trailers is not null) await EndAsync(stream, body ?? "", trailers);
        return stream;
    }

    public async Task<Http2Stream> AcceptAsync() => await Http2.AcceptAsync() ?? throw new EndOfStreamException($"no request came: {Http2.EndReason}");

    public static async Task RespondAsync(Http2Stream stream, HeaderList head, string? body = null, HeaderList? trailers = null)
    {
        await stream.SendHeadersAsync(head, endStream: body is null && trailers is null);
        if (body is not null || trailers is not null) await EndAsync(stream, body ?? "", trailers);
    }

    public static async Task SendAsync(Http2Stream stream, string text) => await stream.Output.WriteAsync(Encoding.Latin1.GetBytes(text));

    private static async Task EndAsync(Http2Stream stream, string body, HeaderList? trailers)
    {
        if (body.Length > 0) await SendAsync(stream, body);
        if (trailers is null) await stream.Output.CompleteAsync();
        else await stream.SendTrailersAsync(trailers);
    }
}
