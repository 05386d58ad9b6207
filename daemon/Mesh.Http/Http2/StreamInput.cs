using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Body bytes of one stream. What the reader advances over is returned to the peer as window.
/// A reset ends it at once, except that what had arrived before the peer's own stays readable: all of a whole body (8.1), and the beginning of another
/// as over TCP.</summary>
internal sealed class StreamInput : PipeReader
{
    private readonly Http2Stream stream;
    private readonly ReadWait wait;
    private readonly SegmentBuffer buffer = new();
    private long offered; // length of the sequence that the reader holds
    private long examined; // bytes at the head that were looked at without being consumed
    private string? fault;
    private bool ended;
    private bool canceled;
    private bool completed;

    public StreamInput(Http2Stream stream) => (this.stream, wait) = (stream, new ReadWait(this));

    public LoopSignal Changed => wait;

    public long BufferedBytes => buffer.Length;

    /// <summary>The reader has been told of the end.</summary>
    public bool SawEnd { get; private set; }

    public void Append(in ReadOnlySequence<byte> bytes)
    {
        foreach (var piece in bytes) buffer.Append(piece.Span);
    }

    public void End() => ended = true;

    /// <summary>It ends, but not in order: what has arrived can be read, and then the reader gets the error.</summary>
    public void Fail(string reason) => fault = reason;

    /// <summary>As new.</summary>
    public void Begin()
    {
        buffer.Clear();
        (offered, examined) = (0, 0);
        ended = canceled = completed = SawEnd = false;
        fault = null;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (completed) throw new InvalidOperationException("reading after the reader was completed");
        if (!ended && (stream.ResetCode is null || buffer.Length <= examined)) stream.ThrowIfBroken();
        if (fault is not null && !canceled && buffer.Length <= examined) throw new ConnectionBrokenException(BreakKind.Reset, fault);
        if (!ended && !canceled && buffer.Length <= examined)
        {
            result = default;
            return false;
        }
        var sequence = buffer.Sequence;
        offered = sequence.Length;
        result = new ReadResult(sequence, canceled, ended);
        SawEnd |= ended;
        canceled = false;
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryRead(out var result) ? new ValueTask<ReadResult>(result) : wait.WaitAsync();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (offered == 0 || completed) return;
        var sequence = buffer.Sequence;
        long start = sequence.GetOffset(sequence.Start);
        long consumedBytes = sequence.GetOffset(consumed) - start;
        this.examined = sequence.GetOffset(examined) - start - consumedBytes;
        offered = 0;
        buffer.Consume(consumedBytes);
        stream.OnConsumed(consumedBytes);
    }

    public override void CancelPendingRead()
    {
        canceled = true;
        stream.Wake(Changed);
    }

    /// <summary>What is unread is dropped and counts as consumed, now and later.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (completed) return;
        completed = true;
        long dropped = buffer.Length;
        buffer.Clear();
        stream.OnConsumed(dropped);
    }

    public bool IsCompleted => completed;

    private sealed class ReadWait(StreamInput input) : LoopWait<ReadResult>
    {
        protected override bool TryComplete(out ReadResult result) => input.TryRead(out result);
    }
}
