using System.Collections.Concurrent;

namespace Mesh.Telemetry.Metrics;

/// <summary>A family's series with the cells of all shards, kept so that a scrape only reads. Changed when a cell is made or ended, by any
/// thread; read while it changes.</summary>
internal sealed class SeriesTable
{
    private readonly ConcurrentDictionary<LabelSet, Series> all = new(concurrencyLevel: 1, capacity: 7);

    public IEnumerable<Series> All
    {
        get
        {
            foreach (var (_, series) in all) yield return series;
        }
    }

    public bool IsEmpty => all.IsEmpty;

    public void Include(LabelSet labels, MetricCell cell)
    {
        lock (all) all.GetOrAdd(labels, static key => new Series(key)).Include(cell);
    }

    public void Exclude(LabelSet labels, MetricCell cell)
    {
        lock (all)
        {
            if (all.TryGetValue(labels, out var series) && !series.Exclude(cell)) all.TryRemove(labels, out _);
        }
    }
}

/// <summary>One label set's cells, one of each shard that has one. Their sum is what a scrape shows.</summary>
internal sealed class Series(LabelSet labels)
{
    private volatile MetricCell[] cells = [];

    internal LabelSet Labels => labels;

    /// <summary>Of counters and gauges.</summary>
    internal double Value
    {
        get
        {
            double sum = 0;
            foreach (var cell in cells) sum += cell.Value;
            return sum;
        }
    }

    /// <summary>Of a histogram.</summary>
    internal double Sum
    {
        get
        {
            double sum = 0;
            foreach (var cell in cells) sum += ((Histogram)cell).Sum;
            return sum;
        }
    }

    /// <summary>Observations in that bucket alone; the last index is +Inf.</summary>
    internal long Count(int bucket)
    {
        long count = 0;
        foreach (var cell in cells) count += ((Histogram)cell).Count(bucket);
        return count;
    }

    internal void Include(MetricCell cell)
    {
        if (!cells.Contains(cell)) cells = [.. cells, cell];
    }

    /// <returns>Whether any is left.</returns>
    internal bool Exclude(MetricCell cell)
    {
        cells = [.. cells.Where(other => other != cell)];
        return cells.Length > 0;
    }
}
