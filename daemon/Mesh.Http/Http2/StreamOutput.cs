using System.Buffers;
using System.IO.Pipelines;

namespace Mesh.Http.Http2;

/// <summary>Body bytes on their way out. They wait here for the stream's and the connection's window and for the transport; FlushAsync waits
/// when there are too many.</summary>
internal sealed class StreamOutput : PipeWriter
{
    private readonly Http2Stream stream;
    private readonly FlushWait wait;
    private readonly SegmentBuffer buffer = new();
    private int limitBytes;
    private bool canceled;

    public StreamOutput(Http2Stream stream) => (this.stream, wait) = (stream, new FlushWait(this));

    public LoopSignal Drained => wait;

    /// <summary>Flushed by the writer and not yet framed.</summary>
    public long Sendable { get; private set; }

    /// <summary>The writer has nothing to add.</summary>
    public bool EndRequested { get; private set; }

    /// <summary>The peer has answered completely and wants no more of the request (8.1). What is written is dropped.</summary>
    public bool IsUnwanted { get; set; }

    /// <summary>As new.</summary>
    /// <param name="limit">Bytes that may wait before FlushAsync does.</param>
    public void Begin(int limit)
    {
        Clear();
        limitBytes = limit;
        canceled = EndRequested = IsUnwanted = false;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => buffer.Length - Sendable;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (EndRequested) throw new InvalidOperationException("writing after the writer was completed");
        return buffer.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => buffer.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Publish();
        return canceled || buffer.Length <= limitBytes ? new ValueTask<FlushResult>(Result()) : wait.WaitAsync();
    }

    /// <summary>Enough was sent that a waiting writer should go on; half, so that it does not wake for every frame.</summary>
    public bool HasRoom => buffer.Length <= limitBytes / 2;

    /// <summary>Sends the bytes without keeping them here, where everything lets them pass at once.</summary>
    /// <param name="isEnd">Ends the stream with them.</param>
    /// <returns>Whether they were sent, as a whole.</returns>
    public bool TryWriteThrough(in ReadOnlySequence<byte> data, bool isEnd)
    {
        if (stream.IsBroken || IsUnwanted || EndRequested || buffer.Length > 0) return false;
        stream.DemandHeadSent();
        return stream.TrySendData(data, isEnd);
    }

    public override void CancelPendingFlush()
    {
        canceled = true;
        stream.Wake(Drained);
    }

    public override void Complete(Exception? exception = null)
    {
        if (EndRequested) return;
        if (exception is not null)
        {
            stream.Reset(ErrorCode.InternalError);
            return;
        }
        if (!stream.IsBroken) Publish();
        EndRequested = true;
        stream.ReadyToSend();
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        Complete(exception);
        return ValueTask.CompletedTask;
    }

    /// <summary>END_STREAM was said otherwise: with the head, or with bytes that did not wait here.</summary>
    public void HasEnded() => EndRequested = true;

    /// <param name="destination">At most <see cref="Sendable"/> bytes.</param>
    public void Take(Span<byte> destination)
    {
        buffer.Take(destination);
        Sendable -= destination.Length;
    }

    /// <summary>Drops what waits. Only when the writer holds no memory: it is done with the stream.</summary>
    public void Clear()
    {
        buffer.Clear();
        Sendable = 0;
    }

    private void Publish()
    {
        stream.ThrowIfBroken();
        if (IsUnwanted)
        {
            Clear();
            return;
        }
        stream.DemandHeadSent();
        Sendable = buffer.Length;
        if (Sendable > 0) stream.ReadyToSend();
    }

    private FlushResult Result()
    {
        bool wasCanceled = canceled;
        canceled = false;
        return new FlushResult(wasCanceled, IsUnwanted);
    }

    private sealed class FlushWait(StreamOutput output) : LoopWait<FlushResult>
    {
        protected override bool TryComplete(out FlushResult result)
        {
            output.stream.ThrowIfBroken();
            bool done = output.canceled || output.IsUnwanted || output.HasRoom;
            result = done ? output.Result() : default;
            return done;
        }
    }
}
