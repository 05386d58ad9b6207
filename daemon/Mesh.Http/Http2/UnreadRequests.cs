using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Streams that were answered before their request had ended and that nobody reads any more. A server may reset them with NO_ERROR (RFC 9113 8.1), but
/// clients in wide use (curl 7.88, Debian 12) lose a response that a reset follows at once. So the client gets a moment, without window, to end the
/// stream itself; most do. As many streams as may be open wait at once, in order.</summary>
internal sealed class UnreadRequests
{
    private readonly Http2Connection connection;
    private readonly Queue<(int Id, long Since)> waiting = new(); // by number: the object may be another stream's by then
    private readonly LoopTimer timer;

    public UnreadRequests(Http2Connection connection)
    {
        this.connection = connection;
        timer = new LoopTimer(connection.Loop.Timers, static state => ((UnreadRequests)state!).OnDue(), this);
    }

    /// <returns>False: it must be reset now.</returns>
    public bool TryAdd(Http2Stream stream)
    {
        // Half of the streams stay for new requests.
        if (connection.Draining || connection.Streams.Count > connection.Settings.MaxConcurrentStreams / 2 || waiting.Count >= connection.Settings.MaxConcurrentStreams) return false;
        waiting.Enqueue((stream.Id, connection.Loop.Time.GetTimestamp()));
        if (!timer.IsArmed) timer.Arm(connection.Limits.LingerTimeout);
        return true;
    }

    public void ResetAll()
    {
        timer.Cancel();
        while (waiting.TryDequeue(out var entry)) Reset(entry.Id);
    }

    /// <summary>The connection has ended, and they with it.</summary>
    public void Clear()
    {
        timer.Cancel();
        waiting.Clear();
    }

    private void Reset(int id)
    {
        if (connection.Streams.TryGet(id, out var stream)) connection.ResetUnread(stream);
    }

    private void OnDue()
    {
        var time = connection.Loop.Time;
        while (waiting.TryPeek(out var entry))
        {
            var left = connection.Limits.LingerTimeout - time.GetElapsedTime(entry.Since);
            if (left > TimeSpan.Zero)
            {
                timer.Arm(left);
                break;
            }
            Reset(waiting.Dequeue().Id);
        }
        connection.Turn.Request();
    }
}
