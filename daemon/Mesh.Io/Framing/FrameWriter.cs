using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io.Buffers;

namespace Mesh.Io.Framing;

/// <summary>What is written before a flush is one frame where the transport's memory allows it: room for the header is left in front and filled
/// when the length is known.</summary>
internal sealed class FrameWriter(Connection transport) : PipeWriter, ISequenceWriter
{
    /// <summary>Below this a write joins what is gathered, in one record of the transport; above, copying would cost more than it saves.</summary>
    private const int MaxCopiedBytes = 4096;

    /// <summary>Rather new memory of the transport than frames smaller than this.</summary>
    private const int SmallestRoom = 256;

    /// <summary>A stream that has sent this much is bulk: frames are given up for it, and the transport with it.</summary>
    private const long MaxFramedBytes = 1 << 20;

    private readonly PipeWriter output = transport.Output;
    private Memory<byte> room;
    private int used; // with the header; 0 when no frame is open
    private long framedBytes;
    private bool ending;

    /// <summary>The last frame was sent.</summary>
    internal bool Ended { get; private set; }

    /// <summary>The transport's direction ends with the stream.</summary>
    internal bool IsLast { get; private set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => used + output.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (IsLast) return output.GetMemory(sizeHint);
        if (used > 0 && room.Length - used >= Math.Max(1, sizeHint)) return room[used..];
        CloseFrame();
        if (IsLast) return output.GetMemory(sizeHint);
        int wanted = Math.Max(sizeHint, SmallestRoom) + FrameHeader.Length;
        room = output.GetMemory(wanted);
        used = FrameHeader.Length;
        return room[used..];
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (IsLast) output.Advance(bytes);
        else used += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        CloseFrame();
        return output.FlushAsync(cancellationToken);
    }

    /// <param name="source">At most 16 MiB.</param>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, FrameHeader.MaxDataBytes);
        if (IsLast) return output.WriteAsync(source, cancellationToken);
        if (source.IsEmpty) return FlushAsync(cancellationToken);
        if (source.Length <= Math.Max(MaxCopiedBytes, room.Length - used))
        {
            source.Span.CopyTo(GetSpan(source.Length));
            Advance(source.Length);
            return FlushAsync(cancellationToken);
        }
        CloseFrame();
        // Closing what was open may have been the last header.
        if (!IsLast) WriteHeader(Announce(source.Length));
        return output.WriteAsync(source, cancellationToken);
    }

    /// <summary>The whole sequence is one frame, so that the reader at the other end can pass it on in one call too.</summary>
    public ValueTask<FlushResult> WriteAsync(in ReadOnlySequence<byte> source)
    {
        if (IsLast) return output.WriteSequenceAsync(source);
        if (source.Length is <= MaxCopiedBytes or > FrameHeader.MaxDataBytes) return WriteFrames(source);
        CloseFrame();
        // Closing what was open may have been the last header.
        if (!IsLast) WriteHeader(Announce((int)source.Length));
        return output.WriteSequenceAsync(source);
    }

    public override void CancelPendingFlush() => output.CancelPendingFlush();

    /// <summary>Without an exception what is buffered must have been flushed and the end must find room at once; else the transport is aborted.</summary>
    public override void Complete(Exception? exception = null)
    {
        var completion = CompleteAsync(exception);
        if (!completion.IsCompleted) transport.Abort();
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (ending) return;
        ending = true;
        if (exception is not null)
        {
            transport.Abort();
            return;
        }
        CloseFrame();
        if (IsLast)
        {
            await output.CompleteAsync();
        }
        else
        {
            WriteHeader(0);
            await output.FlushAsync();
        }
        Ended = true;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<FlushResult> WriteFrames(ReadOnlySequence<byte> source)
    {
        FlushResult result = default;
        foreach (var part in source) result = await WriteAsync(part);
        return result;
    }

    /// <returns>What the header of that many bytes says.</returns>
    private uint Announce(int dataBytes)
    {
        framedBytes += dataBytes;
        IsLast = framedBytes > MaxFramedBytes;
        return IsLast ? FrameHeader.ToTheEnd : (uint)dataBytes;
    }

    private void WriteHeader(uint dataBytes)
    {
        FrameHeader.Write(output.GetSpan(FrameHeader.Length), dataBytes);
        output.Advance(FrameHeader.Length);
    }

    private void CloseFrame()
    {
        if (used > FrameHeader.Length)
        {
            FrameHeader.Write(room.Span, Announce(used - FrameHeader.Length));
            output.Advance(used);
        }
        used = 0;
        room = default;
    }
}
