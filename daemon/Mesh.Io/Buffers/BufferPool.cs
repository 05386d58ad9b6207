namespace Mesh.Io.Buffers;

/// <summary>The blocks of one loop: pinned, of one size, used only on the loop, so rent and return are an array push and pop.
/// Who may hold blocks: a connection with unread input or unsent output. An idle connection holds none.
/// Blocks beyond <see cref="MaxIdleBlocks"/> are left to the garbage collector, so memory follows traffic back down.</summary>
public sealed class BufferPool
{
    /// <summary>One TLS record of 16 KiB with what encryption adds to it, or sixteen typical requests. Larger blocks cost memory with many half-idle
    /// connections, smaller ones cost system calls.</summary>
    public const int BlockLength = 16 * 1024 + 256;

    /// <summary>8 MiB a loop kept for the next burst.</summary>
    private const int MaxIdleBlocks = 512;

    /// <summary>How many blocks one receive fills while bulk is flowing.</summary>
    internal const int BulkBlocks = 4;

    private readonly BufferBlock?[] idle = new BufferBlock?[MaxIdleBlocks];
    private int idleCount;

    /// <summary>Blocks rented and not returned: zero when every connection of the loop is gone.</summary>
    public int Outstanding { get; private set; }

    public int Idle => idleCount;

    /// <summary>Where a bulk receive keeps its blocks during the call.</summary>
    internal BufferBlock[] Bulk { get; } = new BufferBlock[BulkBlocks];

    public BufferBlock Rent()
    {
        Outstanding++;
        if (idleCount == 0) return new BufferBlock(GC.AllocateUninitializedArray<byte>(BlockLength, pinned: true));
        var block = idle[--idleCount]!;
        idle[idleCount] = null;
        return block;
    }

    public void Return(BufferBlock block)
    {
        Outstanding--;
        block.Reset();
        if (idleCount < MaxIdleBlocks) idle[idleCount++] = block;
    }
}
