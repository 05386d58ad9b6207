using System.Buffers;
using System.Runtime.CompilerServices;

namespace Mesh.Io.Buffers;

/// <summary>A pinned block with bytes in [Start, End), chained into a sequence. Belongs to the loop that rented it.</summary>
public sealed class BufferBlock : ReadOnlySequenceSegment<byte>
{
    private readonly byte[] array;

    internal BufferBlock(byte[] pinned)
    {
        array = pinned;
        Memory = array;
    }

    public int Start;
    public int End;

    public int Length => End - Start;
    public int Free => array.Length - End;
    public Span<byte> FreeSpan => array.AsSpan(End);
    public Memory<byte> FreeMemory => array.AsMemory(End);
    public ReadOnlySpan<byte> Filled => array.AsSpan(Start, Length);

    public BufferBlock? NextBlock
    {
        get => (BufferBlock?)Next;
        private set => Next = value;
    }

    internal unsafe byte* FreePointer => (byte*)Unsafe.AsPointer(ref array[0]) + End;
    internal unsafe byte* FilledPointer => (byte*)Unsafe.AsPointer(ref array[0]) + Start;

    /// <summary>Chains the next block and closes this one: what is free in it stays unused, so that a sequence over both has no gap.</summary>
    internal void Append(BufferBlock next)
    {
        Memory = array.AsMemory(0, End);
        NextBlock = next;
        next.RunningIndex = RunningIndex + End;
    }

    internal void Reset()
    {
        Memory = array;
        Start = End = 0;
        NextBlock = null;
        RunningIndex = 0;
    }
}
