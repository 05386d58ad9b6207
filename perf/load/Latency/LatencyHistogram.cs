using System.Numerics;

namespace Mesh.Load.Latency;

/// <summary>Counts of durations in nanoseconds, in buckets that are at most 1/128 of their value wide: exact below 256 ns, then 128 buckets for
/// every doubling. Recording is a shift and an addition; the whole range of a long takes 57 KiB.</summary>
internal sealed class LatencyHistogram
{
    private const int PrecisionBits = 7;
    private const int PerDoubling = 1 << PrecisionBits;

    private readonly long[] counts = new long[Index(long.MaxValue) + 1];

    public long Count { get; private set; }

    /// <summary>Largest value recorded, exact; 0 when there is none.</summary>
    public long Largest { get; private set; }

    /// <param name="nanoseconds">Below zero counts as zero.</param>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        counts[Index(nanoseconds)]++;
        Count++;
        Largest = Math.Max(Largest, nanoseconds);
    }

    /// <summary>The value that a share of all values does not exceed, rounded up to the end of its bucket but never above the largest.</summary>
    /// <param name="share">Above 0, at most 1: 0.99 is p99.</param>
    /// <returns>Nanoseconds; 0 when nothing was recorded.</returns>
    public long Quantile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        long wanted = Math.Max(1, (long)Math.Ceiling(share * Count)), seen = 0;
        for (int index = 0; index < counts.Length; index++)
        {
            seen += counts[index];
            if (seen >= wanted) return Math.Min(LastOf(index), Largest);
        }
        return Largest;
    }

    private static int Index(long value)
    {
        int shift = Shift(value);
        return (shift << PrecisionBits) + (int)(value >> shift);
    }

    private static int Shift(long value) => Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)value) - PrecisionBits);

    private static long LastOf(int index)
    {
        if (index < 2 * PerDoubling) return index;
        int shift = (index >> PrecisionBits) - 1;
        long first = (long)((index & (PerDoubling - 1)) + PerDoubling) << shift;
        return first + ((1L << shift) - 1);
    }
}
