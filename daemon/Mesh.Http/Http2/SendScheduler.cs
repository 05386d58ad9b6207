using System.Buffers;

namespace Mesh.Http.Http2;

/// <summary>Decides whose body bytes go next: streams take turns of one frame, so that none starves the others.
/// A stream without window leaves the round until it gets some.</summary>
internal sealed class SendScheduler(FrameWriter writer, PeerSettings peer, Action<Http2Stream> sentEnd)
{
    // Small enough that fifty busy streams get their turn within a megabyte, large enough that frame headers do not matter.
    private const int QuantumBytes = 16 * 1024;

    // Handed to the transport at once; then it is flushed, and everybody gets a chance to write again.
    private const int FlushBytes = 128 * 1024;

    private readonly Queue<Http2Stream> ready = new();
    private readonly Queue<Http2Stream> waiting = new(); // for the connection's window

    /// <summary>The connection's send window. Never below zero.</summary>
    public long Window { get; private set; } = PeerSettings.DefaultWindow;

    /// <summary>Sent so far.</summary>
    public long DataFrames { get; private set; }

    public void Add(Http2Stream stream)
    {
        if (stream.IsScheduled || !stream.HasSomethingToSend) return;
        stream.IsScheduled = true;
        ready.Enqueue(stream);
    }

    /// <returns>False when the window would exceed 2^31-1.</returns>
    public bool TryGrowWindow(int increment)
    {
        Window += increment;
        while (waiting.TryDequeue(out var stream)) ready.Enqueue(stream);
        return Window <= int.MaxValue;
    }

    /// <summary>Frames what may be sent, until enough for one flush is written. Not while the writer is blocked.</summary>
    public void WriteData()
    {
        while (writer.Unflushed < FlushBytes && ready.TryDequeue(out var stream))
        {
            if (NeedsConnectionWindow(stream))
            {
                waiting.Enqueue(stream);
                continue;
            }
            stream.IsScheduled = false;
            WriteOneFrame(stream);
            Add(stream);
        }
    }

    /// <summary>Frames bytes that their stream has not kept, if nobody else waits and windows and transport have room for all of them.</summary>
    /// <param name="data">Not empty.</param>
    public bool TryWriteThrough(Http2Stream stream, in ReadOnlySequence<byte> data, bool endStream)
    {
        if (writer.MustWait || ready.Count > 0 || writer.Unflushed >= FlushBytes) return false;
        if (data.Length > Math.Min(Math.Min(stream.SendWindow, Window), Math.Min(QuantumBytes, peer.MaxFrameBytes))) return false;
        writer.WriteData(stream.Id, data, endStream);
        OnWritten(stream, (int)data.Length);
        return true;
    }

    /// <summary>Of a stream that is about to be reset: what can go out before that, which is no more than a stream may have waiting.</summary>
    public void WriteRest(Http2Stream stream)
    {
        while (!writer.MustWait && Window > 0 && stream.HasSomethingToSend) WriteOneFrame(stream);
    }

    private bool NeedsConnectionWindow(Http2Stream stream) => Window == 0 && stream.SendableBytes > 0;

    private void WriteOneFrame(Http2Stream stream)
    {
        if (!stream.HasSomethingToSend) return;
        var output = stream.SendBuffer;
        int length = (int)Math.Min(Math.Min(stream.SendableBytes, Window), Math.Min(QuantumBytes, peer.MaxFrameBytes));
        bool drained = output.EndRequested && length == output.Sendable;
        if (length > 0 || drained && stream.PendingTrailers is null)
        {
            writer.WriteData(stream.Id, output, length, endStream: drained && stream.PendingTrailers is null);
            OnWritten(stream, length);
        }
        if (!drained) return;
        if (stream.PendingTrailers is { } trailers) writer.WriteHead(stream.Id, trailers, endStream: true, Math.Min(QuantumBytes, peer.MaxFrameBytes));
        sentEnd(stream);
    }

    private void OnWritten(Http2Stream stream, int length)
    {
        DataFrames++;
        Window -= length;
        stream.OnSent(length);
    }
}
