namespace Mesh.Http.Http2;

/// <summary>Streams that ended, for the next ones of any connection of the loop: steady traffic makes no new ones. Per thread, so per loop.</summary>
internal static class StreamPool
{
    // As many as a busy loop has at once; more are left to the collector.
    private const int MaxKept = 1024;

    [ThreadStatic] private static Stack<Http2Stream>? free;

    public static Http2Stream Rent(Http2Connection connection, int id)
    {
        if (free is null || !free.TryPop(out var stream)) stream = new Http2Stream(connection);
        stream.Begin(connection, id);
        return stream;
    }

    public static void Return(Http2Stream stream)
    {
        free ??= new Stack<Http2Stream>();
        if (free.Count < MaxKept) free.Push(stream);
    }
}
