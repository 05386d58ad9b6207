using System.Collections.Concurrent;

namespace Mesh.Telemetry.Metrics;

/// <summary>The cells of one loop, or those that all threads share. Looking a cell up costs a hash of its labels, so it is done once
/// per connection, endpoint or workload and the cell is kept.</summary>
public sealed class MetricShard
{
    private readonly MetricRegistry registry;
    private readonly bool shared;
    private readonly ConcurrentDictionary<MetricFamily, ConcurrentDictionary<LabelSet, MetricCell>> families = new();

    internal MetricShard(MetricRegistry registry, bool shared) => (this.registry, this.shared) = (registry, shared);

    public Counter Counter(MetricFamily family, LabelSet labels) => (Counter)Cell(family, labels, MetricKind.Counter);

    public Counter Counter(MetricFamily family, params string[] labels) => Counter(family, new LabelSet(labels));

    public Gauge Gauge(MetricFamily family, LabelSet labels) => (Gauge)Cell(family, labels, MetricKind.Gauge);

    public Gauge Gauge(MetricFamily family, params string[] labels) => Gauge(family, new LabelSet(labels));

    public Histogram Histogram(MetricFamily family, LabelSet labels) => (Histogram)Cell(family, labels, MetricKind.Histogram);

    public Histogram Histogram(MetricFamily family, params string[] labels) => Histogram(family, new LabelSet(labels));

    /// <summary>Ends a series whose subject is gone. Cells that are still held count into nothing.</summary>
    public void Remove(MetricFamily family, LabelSet labels)
    {
        if (families.TryGetValue(family, out var cells) && cells.TryRemove(labels, out var cell)) registry.TableOf(family).Exclude(labels, cell);
    }

    private MetricCell Cell(MetricFamily family, LabelSet labels, MetricKind kind)
    {
        if (family.Kind != kind) throw new ArgumentException($"{family.Name} is a {family.Kind}, not a {kind}");
        if (labels.Values.Length != family.LabelNames.Count)
            throw new ArgumentException($"{family.Name} has {family.LabelNames.Count} labels, not {labels.Values.Length}");
        var cells = families.GetOrAdd(family, static _ => new(concurrencyLevel: 1, capacity: 7));
        if (cells.TryGetValue(labels, out var cell)) return cell;
        if (cells.Count >= family.MaxSeries)
        {
            registry.CountDropped(family);
            labels = LabelSet.Overflow(family.LabelNames.Count);
            if (cells.TryGetValue(labels, out cell)) return cell;
        }
        cell = cells.GetOrAdd(labels, static (_, arg) => NewCell(arg.family, arg.shared), (family, shared));
        registry.TableOf(family).Include(labels, cell);
        return cell;
    }

    private static MetricCell NewCell(MetricFamily family, bool shared) => family.Kind switch
    {
        MetricKind.Counter => new Counter(shared),
        MetricKind.Gauge => new Gauge(shared),
        _ => new Histogram(family.Bounds, shared),
    };
}
