using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Records between one loop, which fills them, and the one thread that writes them out. Nothing waits: a full ring drops the record
/// and counts it.</summary>
public sealed class AccessRing
{
    /// <summary>At 80,000 requests a second on one loop it is full after 25 ms; about 1.2 MiB a loop.</summary>
    public const int DefaultCapacity = 2048;

    private readonly AccessRecord[] records;
    private readonly Counter dropped;
    private readonly Action wake;
    private long written; // by the loop
    private long read;    // by the writing thread

    /// <param name="capacity">Power of two.</param>
    /// <param name="wake">Called on the loop when the ring becomes half full: write earlier than you meant to.</param>
    public AccessRing(Counter dropped, Action wake, int capacity = DefaultCapacity)
    {
        if (!System.Numerics.BitOperations.IsPow2(capacity)) throw new ArgumentException("a power of two is needed", nameof(capacity));
        (this.dropped, this.wake) = (dropped, wake);
        records = new AccessRecord[capacity];
        for (int i = 0; i < capacity; i++) records[i] = new AccessRecord();
    }

    /// <summary>Gives a cleared record to fill, at once and without waiting; <see cref="Commit"/> follows in the same turn of the loop.</summary>
    public bool TryBegin(out AccessRecord record)
    {
        record = records[written & (records.Length - 1)];
        if (written - Volatile.Read(ref read) == records.Length)
        {
            dropped.Increment();
            return false;
        }
        record.Clear();
        return true;
    }

    public void Commit()
    {
        Volatile.Write(ref written, written + 1);
        if (written - Volatile.Read(ref read) == records.Length / 2) wake();
    }

    /// <summary>Hands what is there to the sink, oldest first. One thread only.</summary>
    /// <returns>How many.</returns>
    internal int Drain(IAccessSink sink)
    {
        long end = Volatile.Read(ref written);
        int count = (int)(end - read);
        for (; read < end; Volatile.Write(ref read, read + 1)) sink.Write(records[read & (records.Length - 1)]);
        return count;
    }
}
