namespace Mesh.Telemetry.Metrics;

/// <summary>One number, or one histogram, of one label set in one shard. A cell of a loop's shard is written by that loop only, with plain
/// adds; a cell of the shared shard by any thread. A scrape reads while they are written: each number is whole, and a little old at worst.</summary>
public abstract class MetricCell
{
    /// <summary>What a scrape shows; of a histogram nothing, it has buckets.</summary>
    public virtual double Value => 0;

    private protected static void AddShared(ref double target, double amount)
    {
        double seen = Volatile.Read(ref target);
        while (true)
        {
            double found = Interlocked.CompareExchange(ref target, seen + amount, seen);
            if (found.Equals(seen)) return;
            seen = found;
        }
    }
}

public sealed class Counter : MetricCell
{
    private readonly bool shared;
    private double value;

    internal Counter(bool shared) => this.shared = shared;

    public override double Value => Volatile.Read(ref value);

    public void Increment() => Add(1);

    /// <param name="amount">Not negative.</param>
    public void Add(double amount)
    {
        if (shared) AddShared(ref value, amount);
        else value += amount;
    }
}

/// <summary>Shards of one label set are added up, so a gauge that is set rather than counted belongs to the shared shard.</summary>
public sealed class Gauge : MetricCell
{
    private readonly bool shared;
    private double value;

    internal Gauge(bool shared) => this.shared = shared;

    public override double Value => Volatile.Read(ref value);

    public void Set(double newValue) => Volatile.Write(ref value, newValue);

    public void Add(double amount)
    {
        if (shared) AddShared(ref value, amount);
        else value += amount;
    }
}

public sealed class Histogram : MetricCell
{
    private readonly bool shared;
    private readonly double[] bounds;
    private readonly long[] counts; // one more than bounds: +Inf
    private double sum;

    internal Histogram(IReadOnlyList<double> bounds, bool shared)
    {
        (this.bounds, this.shared) = ([.. bounds], shared);
        counts = new long[bounds.Count + 1];
    }

    public double Sum => Volatile.Read(ref sum);

    public void Observe(double value) => Observe(value, 1);

    /// <param name="times">So many observations of the same value.</param>
    public void Observe(double value, int times)
    {
        int bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket]) bucket++;
        if (shared)
        {
            Interlocked.Add(ref counts[bucket], times);
            AddShared(ref sum, value * times);
            return;
        }
        counts[bucket] += times;
        sum += value * times;
    }

    /// <summary>Observations in that bucket alone; the last index is +Inf.</summary>
    public long Count(int bucket) => Volatile.Read(ref counts[bucket]);
}
