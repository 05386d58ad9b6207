using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Mesh.Io.Buffers;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>The receiving half of a socket: bytes are received straight into the loop's blocks. A block is rented when data is there,
/// not before, and given back when its last byte is consumed.</summary>
internal sealed unsafe class SocketReader(SocketConnection connection, BufferPool pool) : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>Below this much room a new block is chained rather than making a small receive.</summary>
    private const int SmallestReceive = 1024;

    /// <summary>What fits one TLS record: a relay into a tunnel then makes one of each receive, not a full and a tiny one.</summary>
    private const int LargestReceive = 16 * 1024;

    private LoopSource<ReadResult> pending;
    private BufferBlock? head;
    private BufferBlock? tail;
    private bool examinedAll;
    private bool ended;
    private bool cancelRequested;
    private bool readable;
    private bool hungUp;
    private bool handedOut;
    private bool bulk; // the last receive filled what it was given

    /// <summary>The peer has sent its FIN and it was seen.</summary>
    internal bool Ended => ended;

    internal void OnReady(bool peerHungUp)
    {
        readable = true;
        hungUp |= peerHungUp;
        if (pending.IsWaiting) TryComplete();
    }

    internal void OnBroken(Exception error)
    {
        if (pending.IsWaiting) pending.SetException(error);
    }

    public override bool TryRead(out ReadResult result)
    {
        connection.ThrowIfBroken();
        if (HasNews || (readable && Receive() && HasNews))
        {
            result = TakeResult();
            return true;
        }
        result = default;
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result)) return new(result);
        pending.Reset();
        return new(this, pending.Version);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        handedOut = false;
        if (connection.IsClosed) Release();
        if (head is null) return;
        var block = (BufferBlock?)consumed.GetObject();
        int index = consumed.GetInteger();
        while (head is not null && head != block) ReleaseHead();
        if (head is null) return;
        head.Start = index;
        examinedAll = examined.GetObject() == tail && examined.GetInteger() == tail!.End;
        while (head is not null && head.Start == head.End && (head != tail || examinedAll)) ReleaseHead();
    }

    public override void CancelPendingRead()
    {
        cancelRequested = true;
        if (pending.IsWaiting) pending.SetResult(TakeResult());
    }

    public override void Complete(Exception? exception = null) => Release();

    /// <summary>The descriptor is closed. What the owner got and did not advance over stays until it does: it may be waiting for a writer that has not
    /// taken all of it, and a block that was given back would carry another connection's bytes there.</summary>
    internal void OnClosed()
    {
        if (!handedOut) Release();
    }

    /// <summary>Gives back every block; the connection is over or nobody reads any more.</summary>
    internal void Release()
    {
        handedOut = false;
        while (head is not null) ReleaseHead();
        examinedAll = false;
    }

    public ReadResult GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);

    private bool HasNews => cancelRequested || ended || (head is not null && !examinedAll);

    private void TryComplete()
    {
        try
        {
            if (!Receive() || !HasNews) return;
        }
        catch (ConnectionBrokenException error)
        {
            if (pending.IsWaiting) pending.SetException(error);
            return;
        }
        pending.SetResult(TakeResult());
    }

    private ReadResult TakeResult()
    {
        bool canceled = cancelRequested;
        cancelRequested = false;
        handedOut = true;
        var buffer = head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(head, head.Start, tail!, tail!.End);
        return new ReadResult(buffer, canceled, ended);
    }

    /// <returns>False when the socket has nothing now.</returns>
    private bool Receive() => bulk ? ReceiveBulk() : ReceiveOne();

    private bool ReceiveOne()
    {
        var block = tail is not null && tail.Free >= SmallestReceive ? tail : pool.Rent();
        int room = Math.Min(block.Free, LargestReceive);
        nint count;
        int errno;
        do
        {
            count = LibC.Receive(connection.Fd, block.FreePointer, room, 0);
            errno = count < 0 ? LibC.LastError : 0;
        }
        while (errno == LibC.Interrupted);
        if (count > 0)
        {
            Accept(block, (int)count, room);
            bulk = count == LargestReceive;
            return true;
        }
        if (block != tail) pool.Return(block);
        return OnNothing(errno);
    }

    /// <summary>Into several blocks at once.</summary>
    private bool ReceiveBulk()
    {
        var vectors = stackalloc IoVector[BufferPool.BulkBlocks];
        for (int i = 0; i < BufferPool.BulkBlocks; i++)
        {
            var block = pool.Bulk[i] = pool.Rent();
            vectors[i] = new IoVector { Base = block.FreePointer, Length = LargestReceive };
        }
        nint count;
        int errno;
        do
        {
            count = LibC.ReadVectors(connection.Fd, vectors, BufferPool.BulkBlocks);
            errno = count < 0 ? LibC.LastError : 0;
        }
        while (errno == LibC.Interrupted);
        nint left = Math.Max(0, count);
        foreach (var block in pool.Bulk)
        {
            int part = (int)Math.Min(left, LargestReceive);
            left -= part;
            if (part == 0) pool.Return(block);
            else Accept(block, part, LargestReceive);
        }
        bulk = count >= LargestReceive;
        return count > 0 || OnNothing(errno);
    }

    private bool OnNothing(int errno)
    {
        (readable, bulk) = (false, false);
        if (errno == LibC.Again) return false;
        if (errno != 0) throw connection.Break(errno);
        connection.OnInputEnd();
        ended = true;
        return true;
    }

    private void Accept(BufferBlock block, int count, int room)
    {
        block.End += count;
        if (block != tail)
        {
            tail?.Append(block);
            tail = block;
            head ??= block;
        }
        examinedAll = false;
        // A short receive on a stream socket means it is drained, unless its FIN has been announced and must still be read (epoll(7)).
        if (count < room && !hungUp) readable = false;
    }

    private void ReleaseHead()
    {
        var block = head!;
        head = block.NextBlock;
        if (head is null) tail = null;
        pool.Return(block);
        if (head is null) examinedAll = false;
    }
}
