using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Mesh.Io.Buffers;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>The sending half of a socket. A flush ends when the kernel has taken every byte, which is the back pressure:
/// what a slow peer does not read is held by its own socket buffer and by nobody else.</summary>
internal sealed class SocketWriter(SocketConnection connection, BufferPool pool) : PipeWriter, ISequenceWriter, IValueTaskSource<FlushResult>
{
    private const int MaxVectors = 16;

    private LoopSource<FlushResult> pending;
    private BufferBlock? head;
    private BufferBlock? tail;
    private bool writable = true;
    private bool completeRequested;
    private int flags = LibC.MessageNoSignal;

    /// <summary>FIN was sent, or is by the close that follows.</summary>
    internal bool Ended { get; private set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes
    {
        get
        {
            long total = 0;
            for (var block = head; block is not null; block = block.NextBlock) total += block.Length;
            return total;
        }
    }

    internal void OnReady()
    {
        writable = true;
        if (!pending.IsWaiting) return;
        try
        {
            if (!SendBlocks()) return;
        }
        catch (ConnectionBrokenException error)
        {
            if (pending.IsWaiting) pending.SetException(error);
            return;
        }
        pending.SetResult(default);
    }

    internal void OnBroken(Exception error)
    {
        if (pending.IsWaiting) pending.SetException(error);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => Room(sizeHint).FreeMemory;

    public override Span<byte> GetSpan(int sizeHint = 0) => Room(sizeHint).FreeSpan;

    public override void Advance(int bytes) => tail!.End += bytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        connection.ThrowIfOutputBroken();
        if (head is null || (writable && SendBlocks())) return new(default(FlushResult));
        pending.Reset();
        return new(this, pending.Version);
    }

    /// <summary>The kernel keeps the last segment until the end of the stream, which it then carries: one segment less, and one waking of the peer.
    /// Without an end it leaves after 200 ms (MSG_MORE).</summary>
    internal ValueTask<FlushResult> FlushLastAsync()
    {
        flags |= LibC.MessageMore;
        return FlushAsync();
    }

    /// <summary>Sends what is buffered and then the source in one system call, copying only what the kernel does not take.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        connection.ThrowIfOutputBroken();
        int sent = writable && !pending.IsWaiting && source.Length > 0 ? SendWith(source.Span) : 0;
        Copy(source.Span[sent..]);
        return FlushAsync(cancellationToken);
    }

    public ValueTask<FlushResult> WriteAsync(in ReadOnlySequence<byte> source)
    {
        connection.ThrowIfOutputBroken();
        long sent = writable && !pending.IsWaiting ? SendWith(source) : 0;
        foreach (var part in source.Slice(sent)) Copy(part.Span);
        return FlushAsync();
    }

    public override void CancelPendingFlush()
    {
        if (pending.IsWaiting) pending.SetResult(new FlushResult(isCanceled: true, isCompleted: false));
    }

    /// <summary>Without an exception what is buffered must have been flushed; with one the connection is reset.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (exception is not null || head is not null) connection.Abort();
        else SendEnd();
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (exception is null && !completeRequested && head is not null) await FlushAsync();
        Complete(exception);
    }

    /// <summary>What was flushed is all; the descriptor is closed next, which sends FIN.</summary>
    internal void EndWithClose() => Ended = completeRequested = true;

    internal void Release()
    {
        while (head is not null) ReleaseHead();
    }

    public FlushResult GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);

    private void SendEnd()
    {
        if (completeRequested) return;
        completeRequested = true;
        if (connection.IsOutputBroken) return;
        Ended = LibC.Shutdown(connection.Fd, LibC.ShutdownWrite) == 0;
    }

    private BufferBlock Room(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, BufferPool.BlockLength);
        if (tail is not null && tail.Free >= Math.Max(1, sizeHint)) return tail;
        var block = pool.Rent();
        if (tail is null) head = block;
        else tail.Append(block);
        return tail = block;
    }

    private void Copy(ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            var room = GetSpan();
            int count = Math.Min(room.Length, source.Length);
            source[..count].CopyTo(room);
            Advance(count);
            source = source[count..];
        }
    }

    /// <returns>How many bytes of the source the kernel took; 0 while anything buffered remains.</returns>
    private unsafe int SendWith(ReadOnlySpan<byte> source)
    {
        fixed (byte* extra = source)
        {
            if (head is null) return (int)Taken(LibC.Send(connection.Fd, extra, source.Length, flags), source.Length);
            long before = UnflushedBytes;
            long sent = SendVectors(extra, source.Length);
            Consume(Math.Min(sent, before));
            return (int)Math.Max(0, sent - before);
        }
    }

    /// <inheritdoc cref="SendWith(ReadOnlySpan{byte})"/>
    private unsafe long SendWith(in ReadOnlySequence<byte> source)
    {
        var vectors = stackalloc IoVector[MaxVectors];
        int count = 0;
        long before = 0, offered;
        var block = head;
        for (; block is not null && count < MaxVectors; block = block.NextBlock)
        {
            vectors[count++] = new IoVector { Base = block.FilledPointer, Length = block.Length };
            before += block.Length;
        }
        offered = before;
        var position = source.Start;
        // Memory of other owners may move while the kernel reads it: it is copied.
        while (block is null && count < MaxVectors && position.GetObject() is BufferBlock && source.TryGet(ref position, out var piece))
        {
            vectors[count++] = new IoVector { Base = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(piece.Span)), Length = piece.Length };
            offered += piece.Length;
        }
        if (offered == 0) return 0;
        var message = new MessageHeader { Vectors = vectors, VectorCount = count };
        long sent = Taken(LibC.SendMessage(connection.Fd, &message, flags), offered);
        Consume(Math.Min(sent, before));
        return Math.Max(0, sent - before);
    }

    /// <returns>True when everything buffered is sent.</returns>
    private unsafe bool SendBlocks()
    {
        while (head is not null)
        {
            if (!writable) return false;
            if (head.NextBlock is null)
                Consume(Taken(LibC.Send(connection.Fd, head.FilledPointer, head.Length, flags), head.Length));
            else
                Consume(SendVectors(null, 0));
        }
        return true;
    }

    private unsafe long SendVectors(byte* extra, int extraLength)
    {
        var vectors = stackalloc IoVector[MaxVectors];
        int count = 0;
        long total = 0;
        var block = head;
        for (; block is not null && count < MaxVectors - 1; block = block.NextBlock)
        {
            vectors[count++] = new IoVector { Base = block.FilledPointer, Length = block.Length };
            total += block.Length;
        }
        if (block is null && extraLength > 0)
        {
            vectors[count++] = new IoVector { Base = extra, Length = extraLength };
            total += extraLength;
        }
        var message = new MessageHeader { Vectors = vectors, VectorCount = count };
        return Taken(LibC.SendMessage(connection.Fd, &message, flags), total);
    }

    private long Taken(nint sent, long offered)
    {
        if (sent >= 0)
        {
            if (sent < offered) WaitForRoom();
            return sent;
        }
        int errno = LibC.LastError;
        if (errno == LibC.Interrupted) return 0;
        if (errno != LibC.Again) throw connection.BreakOutput(errno);
        WaitForRoom();
        return 0;
    }

    private void WaitForRoom()
    {
        writable = false;
        connection.WatchOutput();
    }

    private void Consume(long bytes)
    {
        while (head is not null && bytes >= head.Length)
        {
            bytes -= head.Length;
            ReleaseHead();
        }
        if (head is not null) head.Start += (int)bytes;
    }

    private void ReleaseHead()
    {
        var block = head!;
        head = block.NextBlock;
        if (head is null) tail = null;
        pool.Return(block);
    }
}
