using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Protocol.Grpc;

namespace Mesh.Control.Link;

/// <summary>gRPC calls over one HTTP/2 connection of Mesh.Http. On the connection's loop.</summary>
public sealed class Http2Transport : IControllerChannel
{
    private readonly Http2Connection connection;
    private readonly string authority;

    private Http2Transport(Http2Connection connection, string authority, string remote) =>
        (this.connection, this.authority, Remote) = (connection, authority, remote);

    public string Remote { get; }

    /// <param name="authority">Host and port as the URL says.</param>
    /// <param name="transport">A secured connection with ALPN h2. Owned by the result.</param>
    public static Http2Transport Start(Mesh.Io.Connection transport, string authority)
    {
        var connection = Http2Connection.Client(transport, Http2Settings.Client);
        _ = connection.RunAsync(); // never throws; calls in flight learn how it ended
        return new(connection, authority, transport.RemoteAddress.ToString());
    }

    public async ValueTask<IGrpcCall> OpenAsync(string path, GrpcMetadata metadata)
    {
        var head = new HeaderList();
        head.Add(":method", "POST");
        head.Add(":scheme", "https");
        head.Add(":authority", authority);
        head.Add(":path", path);
        head.Add("content-type", "application/grpc+proto");
        head.Add("te", "trailers");
        foreach (var (name, value) in metadata.Fields) head.Add(name, value);
        return new Http2Call(await connection.OpenAsync(head, endStream: false));
    }

    public ValueTask DisposeAsync()
    {
        connection.Abort();
        return ValueTask.CompletedTask;
    }
}
