using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Reporting;

/// <summary>Counts into the loop's own shard and writes one access record per request or connection into the loop's ring.</summary>
public sealed class TrafficReporter : ITrafficReporter
{
    private readonly PerLoop[] loops;
    private readonly TimeProvider time;

    private sealed record PerLoop(TrafficMetricsCache Metrics, AccessRing Log);

    public TrafficReporter(MetricRegistry metrics, AccessLog log, int loopCount, TimeProvider time)
    {
        this.time = time;
        loops = [.. Enumerable.Range(0, loopCount).Select(i => new PerLoop(new TrafficMetricsCache(metrics.Shard(i)), log.Ring(i)))];
    }

    public void HttpFinished(int loop, in HttpOutcome outcome)
    {
        var flag = outcome.Failure?.Flag ?? ResponseFlag.None;
        CountRequest(loop, outcome.Parties, outcome, flag);
        if (outcome.Parties.OtherSide is { } other) CountRequest(loop, other, outcome, flag);
        if (!loops[loop].Log.TryBegin(out var record)) return;
        Fill(record, outcome.Parties, outcome.Failure, outcome.Duration, outcome.Client, outcome.Upstream);
        record.Method.Set(outcome.Request.Method.Span);
        record.Authority.Set(outcome.Request.Authority.Span);
        record.Path.Set(outcome.Request.Target.Span);
        if (outcome.Request.Headers.TryGet("x-request-id"u8, out var id)) record.RequestId.Set(id);
        record.ResponseCode = outcome.Status;
        record.RouteName = outcome.Route;
        (record.BytesReceived, record.BytesSent) = (outcome.RequestBytes, outcome.ResponseBytes);
        loops[loop].Log.Commit();
    }

    public void TcpOpened(int loop, TrafficParties parties)
    {
        MetricsOf(loop, parties).ConnectionOpened();
        if (parties.OtherSide is { } other) MetricsOf(loop, other).ConnectionOpened();
    }

    public void TcpClosed(int loop, in TcpOutcome outcome)
    {
        CountConnection(loop, outcome.Parties, outcome);
        if (outcome.Parties.OtherSide is { } other) CountConnection(loop, other, outcome);
        if (!loops[loop].Log.TryBegin(out var record)) return;
        Fill(record, outcome.Parties, outcome.Failure, outcome.Duration, outcome.Client, outcome.Upstream);
        (record.BytesReceived, record.BytesSent) = (outcome.ReceivedBytes, outcome.SentBytes);
        loops[loop].Log.Commit();
    }

    public void ConnectionRefused(int loop, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure)
    {
        var local = new Party(workload?.Description.Name ?? "unknown", workload?.Description.Namespace ?? "unknown", "unknown", "unknown");
        var parties = new TrafficParties(new TrafficLabels(Reporter.Destination, Party.Unknown, local, "tcp", "unknown"));
        TcpOpened(loop, parties);
        TcpClosed(loop, new TcpOutcome
        {
            Parties = parties,
            Failure = failure,
            Duration = TimeSpan.Zero,
            ReceivedBytes = 0,
            SentBytes = 0,
            Client = client,
            Upstream = destination,
        });
    }

    private void CountRequest(int loop, TrafficParties parties, in HttpOutcome outcome, ResponseFlag flag) =>
        MetricsOf(loop, parties).RequestEnded(outcome.Status, flag, outcome.Duration, outcome.RequestBytes, outcome.ResponseBytes);

    private void CountConnection(int loop, TrafficParties parties, in TcpOutcome outcome)
    {
        var metrics = MetricsOf(loop, parties);
        metrics.ConnectionClosed(outcome.Failure?.Flag ?? ResponseFlag.None);
        metrics.Sent(outcome.SentBytes);
        metrics.Received(outcome.ReceivedBytes);
    }

    private TrafficMetrics MetricsOf(int loop, TrafficParties parties) => parties.Metrics ??= loops[loop].Metrics.Get(parties.Labels);

    private void Fill(AccessRecord record, TrafficParties parties, Failure? failure, TimeSpan duration, IpPort client, IpPort upstream)
    {
        record.Start = time.GetUtcNow() - duration;
        record.Duration = duration;
        record.Labels = parties.Labels;
        Set(ref record.SourceAddress, client);
        Set(ref record.EndpointAddress, upstream);
        record.Flags = failure?.Flag ?? ResponseFlag.None;
        record.FailureReason = failure?.Reason ?? "";
    }

    private static void Set(ref AccessAddress address, IpPort value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.Address.WriteV6Bytes(bytes);
        address.Set(bytes, value.Port);
    }
}
