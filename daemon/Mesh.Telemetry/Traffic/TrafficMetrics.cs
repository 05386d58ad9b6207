using System.Globalization;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.Traffic;

/// <summary>Finds the metrics of a conversation. One per loop, used only there.</summary>
public sealed class TrafficMetricsCache(MetricShard shard)
{
    /// <summary>Beyond it entries are looked up anew; their series stay.</summary>
    private const int MaxEntries = 8192;

    private readonly Dictionary<TrafficLabels, TrafficMetrics> entries = [];

    public TrafficMetrics Get(in TrafficLabels labels)
    {
        if (entries.TryGetValue(labels, out var found)) return found;
        if (entries.Count >= MaxEntries) entries.Clear();
        return entries[labels] = new TrafficMetrics(shard, labels);
    }

    public void Http2Failed(string side, string error) => shard.Counter(MeshMetrics.Http2Errors, side, error).Increment();
}

/// <summary>The cells of one conversation on one loop: a request costs one small lookup and a few additions.</summary>
public sealed class TrafficMetrics
{
    private readonly MetricShard shard;
    private readonly TrafficLabels labels;
    private readonly Dictionary<Outcome, RequestCells> requests = [];
    private readonly Dictionary<ResponseFlag, Counter> closed = [];
    private readonly Counter opened;
    private readonly Counter sent;
    private readonly Counter received;
    private readonly Gauge active;
    private Outcome lastOutcome;
    private RequestCells? last;
    private ConstantFields? accessLabels;
    private RedisMetrics? redis;
    private CallMetrics? calls;

    internal TrafficMetrics(MetricShard shard, in TrafficLabels labels)
    {
        (this.shard, this.labels) = (shard, labels);
        var set = new LabelSet(labels.Values());
        opened = shard.Counter(MeshMetrics.ConnectionsOpened, set);
        sent = shard.Counter(MeshMetrics.BytesSent, set);
        received = shard.Counter(MeshMetrics.BytesReceived, set);
        active = shard.Gauge(MeshMetrics.ConnectionsActive, set);
    }

    /// <summary>The labels as fields of access records; made at the first use.</summary>
    public ConstantFields AccessLabels => accessLabels ??= AccessFields.Of(labels);

    /// <summary>Of Redis commands; made at the first use.</summary>
    public RedisMetrics Redis => redis ??= new RedisMetrics(shard, labels);

    /// <param name="code">HTTP status; 0 if none was sent.</param>
    /// <param name="grpcStatus">-1 when it is not gRPC.</param>
    public void RequestEnded(int code, ResponseFlag flags, TimeSpan duration, long requestBytes, long responseBytes, int grpcStatus = -1)
    {
        var outcome = new Outcome(code, grpcStatus, flags);
        if (last is null || outcome != lastOutcome)
        {
            if (!requests.TryGetValue(outcome, out last)) requests[outcome] = last = new RequestCells(shard, labels, outcome);
            lastOutcome = outcome;
        }
        last.Count.Increment();
        last.Duration.Observe(duration.TotalSeconds);
        last.RequestBytes.Observe(requestBytes);
        last.ResponseBytes.Observe(responseBytes);
    }

    /// <param name="method">/package.Service/Method.</param>
    /// <param name="status">gRPC's code, or -1.</param>
    public void CallEnded(ReadOnlySpan<byte> method, int status, long requestMessages, long responseMessages)
    {
        calls ??= new CallMetrics(shard, labels);
        calls.Ended(method, status, requestMessages, responseMessages);
    }

    public void ConnectionOpened()
    {
        opened.Increment();
        active.Add(1);
    }

    public void ConnectionClosed(ResponseFlag flags)
    {
        active.Add(-1);
        if (!closed.TryGetValue(flags, out var counter))
            closed[flags] = counter = shard.Counter(MeshMetrics.ConnectionsClosed, new LabelSet(labels.Values(flags.ToText())));
        counter.Increment();
    }

    /// <summary>Bytes sent to the client of the connection.</summary>
    public void Sent(long bytes) => sent.Add(bytes);

    /// <summary>Bytes received from the client of the connection.</summary>
    public void Received(long bytes) => received.Add(bytes);

    private readonly record struct Outcome(int Code, int GrpcStatus, ResponseFlag Flags);

    private sealed class RequestCells
    {
        internal RequestCells(MetricShard shard, in TrafficLabels labels, Outcome outcome)
        {
            string grpc = outcome.GrpcStatus < 0 ? "" : outcome.GrpcStatus.ToString(CultureInfo.InvariantCulture);
            var set = new LabelSet(labels.Values(outcome.Code.ToString(CultureInfo.InvariantCulture), grpc, outcome.Flags.ToText()));
            Count = shard.Counter(MeshMetrics.Requests, set);
            Duration = shard.Histogram(MeshMetrics.RequestDuration, set);
            RequestBytes = shard.Histogram(MeshMetrics.RequestBytes, set);
            ResponseBytes = shard.Histogram(MeshMetrics.ResponseBytes, set);
        }

        internal Counter Count { get; }
        internal Histogram Duration { get; }
        internal Histogram RequestBytes { get; }
        internal Histogram ResponseBytes { get; }
    }
}
