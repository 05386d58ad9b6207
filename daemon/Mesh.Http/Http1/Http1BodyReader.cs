using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;

namespace Mesh.Http.Http1;

/// <summary>The body of the current message, cut out of the connection's input without copying. One per direction of a connection, reused.</summary>
internal sealed class Http1BodyReader(PipeReader input, HttpLimits limits, int statusOfFault) : PipeReader
{
    private BodyMode mode;
    private long remaining;
    private ChunkedDecoder decoder;
    private ReadOnlySequence<byte> current;

    public HeaderList Trailers { get; } = new();

    /// <summary>The last byte, framing included, has been consumed.</summary>
    public bool Ended { get; private set; }

    /// <summary>A byte of it has been consumed.</summary>
    public bool Begun { get; private set; }

    public void Start(BodyMode bodyMode, long length)
    {
        (mode, remaining) = (bodyMode, length);
        decoder.Reset();
        Trailers.Clear();
        current = default;
        Ended = bodyMode == BodyMode.None;
        Begun = false;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (Ended)
        {
            result = new ReadResult(default, isCanceled: false, isCompleted: true);
            return true;
        }
        while (input.TryRead(out var read))
        {
            if (Shape(read, out result)) return true;
        }
        result = default;
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out var result) ? new(result) : ReadSlowly();

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (Ended || current.IsEmpty) return;
        long bytes = current.Slice(0, consumed).Length;
        current = default;
        input.AdvanceTo(consumed, examined);
        if (bytes == 0) return;
        Begun = true;
        if (mode == BodyMode.Chunked) decoder.Consume(bytes);
        if (mode != BodyMode.Length) return;
        remaining -= bytes;
        Ended = remaining == 0;
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadSlowly()
    {
        while (true)
        {
            var read = await input.ReadAsync();
            if (Shape(read, out var result)) return result;
        }
    }

    /// <summary>Turns what the connection has into what the body has. False: only framing so far.</summary>
    private bool Shape(ReadResult read, out ReadResult result)
    {
        result = default;
        if (read.IsCanceled)
        {
            input.AdvanceTo(read.Buffer.Start);
            result = new ReadResult(default, isCanceled: true, isCompleted: false);
            return true;
        }
        try
        {
            return mode switch
            {
                BodyMode.Length => ShapeLength(read, out result),
                BodyMode.Chunked => ShapeChunked(read, out result),
                _ => ShapeUntilClose(read, out result),
            };
        }
        catch (HttpMessageException error)
        {
            input.AdvanceTo(read.Buffer.End);
            throw new HttpMessageException(statusOfFault, error.Message);
        }
    }

    private bool ShapeLength(ReadResult read, out ReadResult result)
    {
        if (read.IsCompleted && read.Buffer.Length < remaining) ThrowCutShort();
        current = read.Buffer.Length > remaining ? read.Buffer.Slice(0, remaining) : read.Buffer;
        result = new ReadResult(current, isCanceled: false, isCompleted: current.Length == remaining);
        return true;
    }

    private bool ShapeChunked(ReadResult read, out ReadResult result)
    {
        var buffer = read.Buffer;
        result = default;
        if (!decoder.TryAdvance(ref buffer, limits, Trailers))
        {
            if (read.IsCompleted) ThrowCutShort();
            input.AdvanceTo(buffer.Start, read.Buffer.End);
            return false;
        }
        if (decoder.Ended)
        {
            input.AdvanceTo(buffer.Start);
            Ended = true;
            result = new ReadResult(default, isCanceled: false, isCompleted: true);
            return true;
        }
        if (buffer.IsEmpty)
        {
            if (read.IsCompleted) ThrowCutShort();
            input.AdvanceTo(buffer.Start, buffer.End);
            return false;
        }
        current = buffer.Length > decoder.Remaining ? buffer.Slice(0, decoder.Remaining) : buffer;
        result = new ReadResult(current, isCanceled: false, isCompleted: false);
        return true;
    }

    private bool ShapeUntilClose(ReadResult read, out ReadResult result)
    {
        current = read.Buffer;
        Ended = read.IsCompleted && current.IsEmpty;
        result = new ReadResult(current, isCanceled: false, isCompleted: Ended);
        return !current.IsEmpty || Ended;
    }

    private void ThrowCutShort() => throw new HttpMessageException(statusOfFault, "the connection ended before the body did");
}
