using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;

namespace Mesh.Proxy.Dns;

/// <summary>What the names of one workload cost. Written on its loop only.</summary>
public sealed class DnsMetrics
{
    private static readonly string[] Sources = ["mesh", "cache", "resolver", "none"];

    private readonly MetricShard shard;
    private readonly LabelSet labels;
    private readonly LabelSet[] bySource;
    private readonly Counter[] answers;
    private readonly Counter hits, misses, evictions;
    private readonly Gauge held, heldBytes;

    public DnsMetrics(MetricShard shard, string workload, string @namespace)
    {
        (this.shard, labels) = (shard, new LabelSet(workload, @namespace));
        bySource = [.. Sources.Select(source => new LabelSet(workload, @namespace, source))];
        answers = [.. bySource.Select(source => shard.Counter(MeshMetrics.DnsAnswers, source))];
        hits = shard.Counter(MeshMetrics.DnsCacheHits, labels);
        misses = shard.Counter(MeshMetrics.DnsCacheMisses, labels);
        evictions = shard.Counter(MeshMetrics.DnsCacheEvictions, labels);
        held = shard.Gauge(MeshMetrics.DnsCacheEntries, labels);
        heldBytes = shard.Gauge(MeshMetrics.DnsCacheBytes, labels);
    }

    internal void FromMesh() => answers[0].Increment();

    internal void CacheHit()
    {
        answers[1].Increment();
        hits.Increment();
    }

    internal void FromResolver() => answers[2].Increment();

    /// <summary>No resolver answered.</summary>
    internal void Unanswered() => answers[3].Increment();

    internal void CacheMissed() => misses.Increment();

    internal void CacheEvicted() => evictions.Increment();

    internal void CacheHolds(int count, int bytes)
    {
        held.Set(count);
        heldBytes.Set(bytes);
    }

    /// <summary>The workload is gone.</summary>
    internal void Remove()
    {
        foreach (var source in bySource) shard.Remove(MeshMetrics.DnsAnswers, source);
        foreach (var family in (MetricFamily[])[MeshMetrics.DnsCacheHits, MeshMetrics.DnsCacheMisses, MeshMetrics.DnsCacheEvictions, MeshMetrics.DnsCacheEntries, MeshMetrics.DnsCacheBytes])
            shard.Remove(family, labels);
    }
}
