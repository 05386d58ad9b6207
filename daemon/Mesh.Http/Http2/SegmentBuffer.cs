using System.Buffers;

namespace Mesh.Http.Http2;

/// <summary>A queue of bytes in pooled arrays: written at the tail, read as a sequence from the head. Holds no array while empty.</summary>
internal sealed class SegmentBuffer
{
    // What follows a first piece is bulk.
    private const int SegmentBytes = 16 * 1024;

    private Segment? head;
    private Segment? tail;
    private int headStart;
    private bool leased; // the tail's free part was handed out and not yet advanced over

    public long Length { get; private set; }

    public ReadOnlySequence<byte> Sequence => head is null || tail is null
        ? ReadOnlySequence<byte>.Empty
        : new ReadOnlySequence<byte>(head, headStart, tail, tail.Written);

    public Memory<byte> GetMemory(int sizeHint) => GetMemory(Math.Max(1, sizeHint), sizeHint);

    private Memory<byte> GetMemory(int atLeast, int wanted)
    {
        leased = true;
        if (tail is null || tail.Free.Length < atLeast) AppendSegment(wanted);
        return tail!.Free;
    }

    public void Advance(int bytes)
    {
        if (tail is null || bytes > tail.Free.Length)
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "more than the memory that was handed out");
        tail.Advance(bytes);
        Length += bytes;
        leased = false;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var target = GetMemory(1, bytes.Length).Span;
            int count = Math.Min(target.Length, bytes.Length);
            bytes[..count].CopyTo(target);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>Moves the first bytes out.</summary>
    public void Take(Span<byte> destination)
    {
        Sequence.Slice(0, destination.Length).CopyTo(destination);
        Consume(destination.Length);
    }

    public void Consume(long bytes)
    {
        Length -= bytes;
        while (head is not null)
        {
            int here = head.Written - headStart;
            if (bytes < here || head == tail && leased)
            {
                headStart += (int)bytes;
                return;
            }
            bytes -= here;
            var next = head.NextSegment;
            head.Release();
            (head, headStart) = (next, 0);
        }
        tail = null;
    }

    public void Clear()
    {
        leased = false;
        Consume(Length);
    }

    private void AppendSegment(int wanted)
    {
        var segment = Segment.Rent(tail is null ? wanted : Math.Max(wanted, SegmentBytes));
        if (tail is null) head = segment;
        else tail.Link(segment);
        tail = segment;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        private const int SmallBytes = 1024; // most bodies are one message of less

        // Per thread, so per loop: streams that empty and fill again allocate nothing. What one receive brings for a hundred streams is there at once, which
        // is more than the shared pool keeps; together these are small enough to stay in the processor's cache.
        private const int MaxSpares = 256;
        [ThreadStatic] private static Segment? spares;
        [ThreadStatic] private static int spareCount;

        private readonly byte[] small = GC.AllocateUninitializedArray<byte>(SmallBytes);
        private byte[] array = [];

        public static Segment Rent(int size)
        {
            var segment = spares ?? new Segment();
            if (spares is not null) (spares, spareCount) = (segment.NextSegment, spareCount - 1);
            segment.Next = null;
            segment.array = size <= SmallBytes ? segment.small : ArrayPool<byte>.Shared.Rent(size);
            return segment;
        }

        public int Written { get; private set; }

        public Memory<byte> Free => array.AsMemory(Written);

        public Segment? NextSegment => (Segment?)Next;

        public void Advance(int bytes)
        {
            Written += bytes;
            Memory = array.AsMemory(0, Written);
        }

        public void Link(Segment next)
        {
            next.RunningIndex = RunningIndex + Written;
            Next = next;
        }

        public void Release()
        {
            if (!ReferenceEquals(array, small)) ArrayPool<byte>.Shared.Return(array);
            array = [];
            Memory = default;
            (Written, RunningIndex, Next) = (0, 0, null);
            if (spareCount == MaxSpares) return;
            Next = spares;
            (spares, spareCount) = (this, spareCount + 1);
        }
    }
}
