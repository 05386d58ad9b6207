using System.IO.Pipelines;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Protocol.Grpc;

namespace Mesh.Kit.Control;

/// <summary>Serves a gRPC router over one connection of Mesh.Http: what Kestrel does in the controller, on a loop and on virtual time.</summary>
public static class Http2GrpcServer
{
    /// <param name="peerUri">The URI of the client's certificate; null: it presented none.</param>
    /// <param name="escaped">Told of what nobody has caught.</param>
    /// <returns>Ends with the connection.</returns>
    public static async Task ServeAsync(GrpcRouter router, Connection transport, string? peerUri, Action<Exception> escaped)
    {
        var connection = Http2Connection.Server(transport, Http2Settings.Server);
        var run = connection.RunAsync();
        using var ended = new CancellationTokenSource();
        while (await connection.AcceptAsync() is { } stream)
            _ = AnswerAsync(router, stream, new Call(stream, peerUri, transport.RemoteAddress.ToString(), ended.Token), escaped);
        await run;
        ended.Cancel();
    }

    private static async Task AnswerAsync(GrpcRouter router, Http2Stream stream, Call call, Action<Exception> escaped)
    {
        try
        {
            var head = new HeaderList();
            head.Add(":status", "200");
            head.Add("content-type", "application/grpc");
            await stream.SendHeadersAsync(head, endStream: false);
            var status = await router.HandleAsync(call);
            var trailers = new HeaderList();
            trailers.Add("grpc-status", ((int)status.Code).ToString());
            trailers.Add("grpc-message", GrpcMessageText.Encode(status.Message));
            await stream.SendTrailersAsync(trailers);
        }
        catch (ConnectionBrokenException)
        {
            // the client is gone
        }
        catch (Exception error)
        {
            escaped(error);
        }
        finally
        {
            stream.Dispose();
        }
    }

    private sealed class Call(Http2Stream stream, string? peerUri, string peerAddress, CancellationToken ended) : GrpcServerCall
    {
        public override string Path { get; } = Value(stream.Headers, ":path"u8);

        public override GrpcMetadata Metadata { get; } = Read(stream.Headers);

        public override string? PeerUri => peerUri;

        public override string PeerAddress => peerAddress;

        public override PipeReader Input => stream.Input;

        public override PipeWriter Output => stream.Output;

        public override CancellationToken Ended => ended;

        private static string Value(HeaderList fields, ReadOnlySpan<byte> name) =>
            fields.TryGet(name, out var value) ? Encoding.ASCII.GetString(value) : "";

        private static GrpcMetadata Read(HeaderList fields)
        {
            var metadata = new GrpcMetadata();
            for (int i = 0; i < fields.Count; i++)
                metadata.Add(Encoding.ASCII.GetString(fields.Name(i)), Encoding.ASCII.GetString(fields.Value(i)));
            return metadata;
        }
    }
}
