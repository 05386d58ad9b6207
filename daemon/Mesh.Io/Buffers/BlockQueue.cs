using System.Buffers;

namespace Mesh.Io.Buffers;

/// <summary>Bytes between a producer and a PipeReader's caller, in blocks of the loop. Holds no block while it is empty.</summary>
internal struct BlockQueue(BufferPool pool)
{
    private BufferBlock? head;
    private BufferBlock? tail;
    private bool examinedAll;

    /// <summary>There are bytes that the reader has not looked at yet.</summary>
    public readonly bool HasNews => head is not null && !examinedAll;

    public readonly ReadOnlySequence<byte> Unread =>
        head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(head, head.Start, tail!, tail!.End);

    /// <summary>A block with at least that much room: the last one, or a new one that <see cref="Commit"/> chains.</summary>
    public readonly BufferBlock Room(int atLeast) => tail is not null && tail.Free >= atLeast ? tail : pool.Rent();

    /// <param name="block">From <see cref="Room"/>.</param>
    /// <param name="count">Bytes written at its end; with 0 a new block goes back to the pool.</param>
    public void Commit(BufferBlock block, int count)
    {
        if (count == 0)
        {
            if (block != tail) pool.Return(block);
            return;
        }
        block.End += count;
        examinedAll = false;
        if (block == tail) return;
        tail?.Append(block);
        tail = block;
        head ??= block;
    }

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (head is null) return;
        var block = (BufferBlock?)consumed.GetObject();
        while (head is not null && head != block) ReleaseHead();
        if (head is null) return;
        head.Start = consumed.GetInteger();
        examinedAll = examined.GetObject() == tail && examined.GetInteger() == tail!.End;
        while (head is not null && head.Start == head.End) ReleaseHead();
    }

    public void Clear()
    {
        while (head is not null) ReleaseHead();
    }

    private void ReleaseHead()
    {
        var block = head!;
        head = block.NextBlock;
        pool.Return(block);
        if (head is not null) return;
        tail = null;
        examinedAll = false;
    }
}
