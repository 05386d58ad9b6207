using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Requests that wait because the peer allows no more streams, in order.</summary>
internal sealed class OpenQueue(Http2Connection connection)
{
    private readonly Queue<TaskCompletionSource> waiting = new();

    public async ValueTask<Http2Stream> OpenAsync(HeaderList request, bool endStream)
    {
        if (connection.IsServer) throw new InvalidOperationException("a server opens no streams");
        while (!connection.CanOpen)
        {
            ThrowIfNever();
            var turn = new TaskCompletionSource();
            waiting.Enqueue(turn);
            await turn.Task;
        }
        return Begin(request, endStream);
    }

    public Http2Stream Open(HeaderList request, bool endStream)
    {
        ThrowIfNever();
        if (!connection.CanOpen) throw new ConnectionBrokenException(BreakKind.Reset, "the peer allows no more streams now");
        return Begin(request, endStream);
    }

    /// <summary>A stream ended or a limit changed. Each one that goes on looks for itself.</summary>
    public void Resume()
    {
        int room = connection.IsOpen && !connection.Draining
            ? Math.Max(0, connection.Peer.MaxConcurrentStreams - connection.Streams.Count)
            : int.MaxValue;
        while (room-- > 0 && waiting.TryDequeue(out var turn)) connection.Loop.Post(static state => ((TaskCompletionSource)state!).SetResult(), turn);
    }

    private Http2Stream Begin(HeaderList request, bool endStream)
    {
        var stream = StreamPool.Rent(connection, connection.Streams.TakeLocalId());
        stream.HeadSent = true;
        request.TryGet(":method"u8, out var method);
        stream.IsHeadRequest = method.SequenceEqual("HEAD"u8);
        stream.IsConnectRequest = method.SequenceEqual("CONNECT"u8);
        connection.Add(stream);
        // The wait for a crowded transport is left to the body: the head is on its way.
        connection.SendHead(stream, request, endStream);
        return stream;
    }

    private void ThrowIfNever()
    {
        if (!connection.IsOpen) throw new ConnectionBrokenException(BreakKind.Reset, $"the connection ended: {connection.EndReason ?? "closed"}");
        if (connection.Draining) throw new ConnectionBrokenException(BreakKind.Reset, "the connection takes no more streams: it is closing");
        if (connection.Streams.NextLocalId < 0) throw new ConnectionBrokenException(BreakKind.Reset, "the connection has used up its stream identifiers");
    }
}
