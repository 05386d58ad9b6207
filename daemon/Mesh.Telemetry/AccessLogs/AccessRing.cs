using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Records between one loop, which fills them in, and the one thread that writes them out. Nothing waits: a full ring becomes larger
/// up to a bound, and beyond it drops the record and counts it.</summary>
public sealed class AccessRing
{
    /// <summary>About 70 records: what a quiet loop needs.</summary>
    private const int InitialBytes = 16 * 1024;

    /// <summary>About 2,400 records: at 80,000 requests a second on one loop it is full after 30 ms.</summary>
    public const int DefaultMaxBytes = 512 * 1024;

    private readonly Counter dropped;
    private readonly AccessWake wake;
    private readonly int maxBytes;
    private AccessBuffer writing; // by the loop
    private AccessBuffer reading; // by the writing thread

    /// <param name="maxBytes">Power of two.</param>
    internal AccessRing(Counter dropped, AccessWake wake, int maxBytes = DefaultMaxBytes)
    {
        if (!System.Numerics.BitOperations.IsPow2(maxBytes)) throw new ArgumentException("a power of two is needed", nameof(maxBytes));
        (this.dropped, this.wake, this.maxBytes) = (dropped, wake, maxBytes);
        writing = reading = new AccessBuffer(Math.Min(InitialBytes, maxBytes));
    }

    /// <summary>Copies the record; on the loop, without waiting.</summary>
    public void Write(in AccessRecord record)
    {
        if (!writing.TryWrite(record, out bool halfFull))
        {
            if (writing.Capacity == maxBytes)
            {
                dropped.Increment();
                return;
            }
            var larger = new AccessBuffer(writing.Capacity * 2);
            larger.TryWrite(record, out _);
            writing = writing.Next = larger;
            halfFull = false;
        }
        wake.OnRecord(urgent: halfFull && writing.Capacity == maxBytes);
    }

    /// <summary>Hands what is there to the sink, oldest first. One thread only.</summary>
    /// <returns>How many.</returns>
    internal int Drain(IAccessSink sink)
    {
        int count = 0;
        while (true)
        {
            // Asked before draining: when there is a next one, this one gets no more.
            var next = reading.Next;
            count += reading.Drain(sink);
            if (next is null) return count;
            reading = next;
        }
    }
}
