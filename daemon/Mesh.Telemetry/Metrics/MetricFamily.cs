namespace Mesh.Telemetry.Metrics;

public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A metric as its users know it. Declared once, as a static; the reference page is made from these.</summary>
public sealed class MetricFamily
{
    /// <summary>Per loop. A node with 100 workloads that each call 20 others has 2,000 label sets; a thousand bytes each in a scrape.</summary>
    public const int DefaultMaxSeries = 4000;

    private MetricFamily(string name, MetricKind kind, string help, string[] labelNames, double[] bounds, int maxSeries) =>
        (Name, Kind, Help, LabelNames, Bounds, MaxSeries) = (name, kind, help, labelNames, bounds, maxSeries);

    /// <summary>With the suffix _total for counters and with the base unit.</summary>
    public string Name { get; }
    public MetricKind Kind { get; }
    public string Help { get; }
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>Inclusive upper bounds of a histogram's buckets, rising, without +Inf.</summary>
    public IReadOnlyList<double> Bounds { get; }

    /// <summary>Label sets kept per shard; more are merged into one whose every label is "overflow".</summary>
    public int MaxSeries { get; }

    public static MetricFamily Counter(string name, string help, params string[] labelNames)
    {
        if (!name.EndsWith("_total", StringComparison.Ordinal)) throw new ArgumentException($"a counter's name ends with _total: {name}");
        return new(name, MetricKind.Counter, help, labelNames, [], DefaultMaxSeries);
    }

    public static MetricFamily Gauge(string name, string help, params string[] labelNames) =>
        new(name, MetricKind.Gauge, help, labelNames, [], DefaultMaxSeries);

    public static MetricFamily Histogram(string name, string help, double[] bounds, params string[] labelNames) =>
        new(name, MetricKind.Histogram, help, labelNames, bounds, DefaultMaxSeries);

    public MetricFamily WithMaxSeries(int maxSeries) => new(Name, Kind, Help, [.. LabelNames], [.. Bounds], maxSeries);
}
