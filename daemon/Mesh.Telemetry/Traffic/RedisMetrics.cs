using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.Traffic;

/// <summary>Redis commands of one conversation on one loop. Which commands there are is the caller's table, so their number is bounded.</summary>
public sealed class RedisMetrics
{
    private readonly MetricShard shard;
    private readonly TrafficLabels labels;
    private readonly Dictionary<(int Command, string Result), Cells> cells = [];
    private (int Command, string Result) lastKey;
    private Cells? last;

    internal RedisMetrics(MetricShard shard, in TrafficLabels labels) => (this.shard, this.labels) = (shard, labels);

    /// <param name="Duration">Null where nothing was answered.</param>
    private sealed record Cells(Counter Count, Histogram? Duration);

    /// <param name="command">Its number in the table.</param>
    /// <param name="result">ok, error or denied: one string object each.</param>
    /// <param name="duration">Zero: not known.</param>
    /// <param name="count">So many alike.</param>
    public void Ended(int command, string name, string result, TimeSpan duration, int count)
    {
        if (last is null || lastKey.Command != command || !ReferenceEquals(lastKey.Result, result))
        {
            lastKey = (command, result);
            if (!cells.TryGetValue(lastKey, out last)) cells[lastKey] = last = Make(name, result);
        }
        last.Count.Add(count);
        if (duration > TimeSpan.Zero) last.Duration?.Observe(duration.TotalSeconds, count);
    }

    /// <summary>The replies of a connection are not followed any more.</summary>
    public void Opaque(string reason) => shard.Counter(MeshMetrics.RedisOpaque, new LabelSet(labels.Values(reason))).Increment();

    /// <param name="reason">Of a few that the caller knows.</param>
    public void Replayed(string reason, int count) => shard.Counter(MeshMetrics.RedisReadReplays, new LabelSet(labels.Values(reason))).Add(count);

    private Cells Make(string name, string result) => new(
        shard.Counter(MeshMetrics.RedisCommands, new LabelSet(labels.Values(name, result))),
        result == "denied" ? null : shard.Histogram(MeshMetrics.RedisCommandDuration, new LabelSet(labels.Values(name))));
}
