using System.Collections.Concurrent;

namespace Mesh.Telemetry.Metrics;

/// <summary>Everything that a scrape shows: a shard per loop, one for all other threads, and numbers that are read when asked for.</summary>
public sealed class MetricRegistry
{
    private static readonly MetricFamily Dropped = MetricFamily.Counter(
        "mesh_metric_series_dropped_total", "Lookups of label sets beyond a metric's limit, counted into its overflow series.", "metric");

    private readonly MetricShard[] shards;
    private readonly ConcurrentDictionary<MetricFamily, SeriesTable> tables = new();

    /// <param name="loops">Number of worker loops.</param>
    public MetricRegistry(int loops)
    {
        Shared = new MetricShard(this, shared: true);
        shards = [.. Enumerable.Range(0, loops).Select(_ => new MetricShard(this, shared: false))];
    }

    /// <summary>For control threads; thread-safe.</summary>
    public MetricShard Shared { get; }

    /// <summary>To be written only on the loop of that index.</summary>
    public MetricShard Shard(int loopIndex) => shards[loopIndex];

    /// <summary>Shows a number that something else keeps, read at every scrape on the scraping thread.</summary>
    /// <returns>Disposing it ends the series.</returns>
    public IDisposable Observe(MetricFamily family, LabelSet labels, Func<double> read)
    {
        if (family.Kind == MetricKind.Histogram) throw new ArgumentException($"{family.Name} is a histogram and cannot be read as one number");
        if (labels.Values.Length != family.LabelNames.Count) throw new ArgumentException($"{family.Name} has {family.LabelNames.Count} labels");
        var observed = new ObservedCell(TableOf(family), labels, read);
        TableOf(family).Include(labels, observed);
        return observed;
    }

    internal SeriesTable TableOf(MetricFamily family) => tables.GetOrAdd(family, static _ => new SeriesTable());

    internal void CountDropped(MetricFamily family)
    {
        if (family != Dropped) Shared.Counter(Dropped, family.Name).Increment();
    }

    /// <summary>Families that have a series, by name.</summary>
    internal IEnumerable<(MetricFamily Family, SeriesTable Table)> Tables =>
        tables.Where(static entry => !entry.Value.IsEmpty).Select(static entry => (entry.Key, entry.Value)).OrderBy(static entry => entry.Key.Name, StringComparer.Ordinal);

    private sealed class ObservedCell(SeriesTable table, LabelSet labels, Func<double> read) : MetricCell, IDisposable
    {
        public override double Value => read();

        public void Dispose() => table.Exclude(labels, this);
    }
}
