using System.Collections.Concurrent;

namespace Mesh.Telemetry.Metrics;

/// <summary>Everything that a scrape shows: a shard per loop, one for all other threads, and numbers that are read when asked for.</summary>
public sealed class MetricRegistry
{
    private static readonly MetricFamily Dropped = MetricFamily.Counter(
        "mesh_metric_series_dropped_total", "Lookups of label sets beyond a metric's limit, counted into its overflow series.", "metric");

    private readonly MetricShard[] shards;
    private readonly ConcurrentDictionary<MetricFamily, byte> families = new();
    private readonly ConcurrentDictionary<Observation, byte> observations = new();

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
        Add(family);
        var observation = new Observation(this, family, labels, read);
        observations.TryAdd(observation, 0);
        return observation;
    }

    internal void Add(MetricFamily family) => families.TryAdd(family, 0);

    internal void CountDropped(MetricFamily family)
    {
        if (family != Dropped) Shared.Counter(Dropped, family.Name).Increment();
    }

    /// <summary>By name.</summary>
    internal IEnumerable<MetricFamily> Families => families.Keys.OrderBy(family => family.Name, StringComparer.Ordinal);

    /// <summary>The family's series with all shards added up.</summary>
    internal IReadOnlyCollection<Series> Collect(MetricFamily family)
    {
        var merged = new Dictionary<LabelSet, Series>();
        foreach (var shard in shards.Append(Shared))
        {
            foreach (var (labels, cell) in shard.Cells(family)) SeriesOf(merged, family, labels).Add(cell);
        }
        foreach (var observation in observations.Keys)
        {
            if (observation.Family == family) SeriesOf(merged, family, observation.Labels).Value += observation.Read();
        }
        return merged.Values;
    }

    private static Series SeriesOf(Dictionary<LabelSet, Series> merged, MetricFamily family, LabelSet labels)
    {
        if (!merged.TryGetValue(labels, out var series)) merged[labels] = series = new Series(family, labels);
        return series;
    }

    private sealed class Observation(MetricRegistry registry, MetricFamily family, LabelSet labels, Func<double> read) : IDisposable
    {
        public MetricFamily Family => family;
        public LabelSet Labels => labels;
        public double Read() => read();
        public void Dispose() => registry.observations.TryRemove(this, out _);
    }
}

/// <summary>One label set's numbers in one scrape.</summary>
internal sealed class Series(MetricFamily family, LabelSet labels)
{
    internal LabelSet Labels => labels;

    /// <summary>Of a counter or gauge.</summary>
    internal double Value { get; set; }

    /// <summary>Per bucket, not cumulative; the last is +Inf.</summary>
    internal long[] Counts { get; } = family.Kind == MetricKind.Histogram ? new long[family.Bounds.Count + 1] : [];

    internal double Sum { get; private set; }

    internal void Add(MetricCell cell)
    {
        switch (cell)
        {
            case Counter counter:
                Value += counter.Value;
                break;
            case Gauge gauge:
                Value += gauge.Value;
                break;
            case Histogram histogram:
                for (int i = 0; i < Counts.Length; i++) Counts[i] += histogram.Count(i);
                Sum += histogram.Sum;
                break;
        }
    }
}
