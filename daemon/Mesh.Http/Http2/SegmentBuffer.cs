using System.Buffers;

namespace Mesh.Http.Http2;

/// <summary>A queue of bytes in pooled arrays: written at the tail, read as a sequence from the head. Holds no array while empty.</summary>
internal sealed class SegmentBuffer
{
    // Heads of bodies are mostly small messages; what does not fit is bulk.
    private const int FirstSegmentBytes = 4 * 1024;
    private const int SegmentBytes = 16 * 1024;

    private Segment? head;
    private Segment? tail;
    private int headStart;
    private bool leased; // the tail's free part was handed out and not yet advanced over

    public long Length { get; private set; }

    public ReadOnlySequence<byte> Sequence => head is null || tail is null
        ? ReadOnlySequence<byte>.Empty
        : new ReadOnlySequence<byte>(head, headStart, tail, tail.Written);

    public Memory<byte> GetMemory(int sizeHint)
    {
        leased = true;
        if (tail is null || tail.Free.Length < Math.Max(1, sizeHint)) AppendSegment(sizeHint);
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
            var target = GetMemory(1).Span;
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

    private void AppendSegment(int sizeHint)
    {
        var segment = Segment.Rent(Math.Max(sizeHint, tail is null ? FirstSegmentBytes : SegmentBytes));
        if (tail is null) head = segment;
        else tail.Link(segment);
        tail = segment;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        // Per thread, so per loop: streams that empty and fill again allocate nothing.
        private const int MaxSpares = 256;
        [ThreadStatic] private static Segment? spares;
        [ThreadStatic] private static int spareCount;

        private byte[] array = [];

        public static Segment Rent(int size)
        {
            var segment = spares ?? new Segment();
            if (spares is not null) (spares, spareCount) = (segment.NextSegment, spareCount - 1);
            segment.Next = null;
            segment.array = ArrayPool<byte>.Shared.Rent(size);
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
            ArrayPool<byte>.Shared.Return(array);
            array = [];
            Memory = default;
            (Written, RunningIndex, Next) = (0, 0, null);
            if (spareCount == MaxSpares) return;
            Next = spares;
            (spares, spareCount) = (this, spareCount + 1);
        }
    }
}
