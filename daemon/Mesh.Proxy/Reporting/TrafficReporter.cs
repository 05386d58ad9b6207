using Mesh.Http.Http2;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Tracing;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Reporting;

/// <summary>Counts into the loop's own shard and writes one access record per request or connection into the loop's ring.</summary>
public sealed class TrafficReporter : ITrafficReporter
{
    private static readonly string[] ResultTexts = ["ok", "error", "denied"];

    private readonly PerLoop[] loops;
    private readonly TimeProvider time;

    private sealed record PerLoop(TrafficMetricsCache Metrics, AccessRing Log, BitSource Bits, DetectionCounters Detections);

    public TrafficReporter(MetricRegistry metrics, AccessLog log, int loopCount, TimeProvider time, Random seed)
    {
        this.time = time;
        loops = [.. Enumerable.Range(0, loopCount).Select(i => new PerLoop(new TrafficMetricsCache(metrics.Shard(i)), log.Ring(i), new BitSource(seed), new DetectionCounters(metrics.Shard(i))))];
    }

    public void HttpFinished(int loop, in HttpOutcome outcome)
    {
        var flag = outcome.Failure?.Flag ?? ResponseFlag.None;
        CountRequest(loop, outcome.Parties, outcome, flag);
        if (outcome.Parties.OtherSide is { } other) CountRequest(loop, other, outcome, flag);
        if (outcome.Telemetry.AccessLog.Wants(outcome.Status, flag, outcome.Duration, loops[loop].Bits.Next32())) LogRequest(loop, outcome, flag);
    }

    public void Upgraded(int loop, TrafficParties parties) => TcpOpened(loop, parties);

    public void Http2Failed(int loop, Http2Side side, ErrorCode code) => loops[loop].Metrics.Http2Failed(side.ToString().ToLowerInvariant(), code.ToString());

    public void TcpOpened(int loop, TrafficParties parties)
    {
        MetricsOf(loop, parties).ConnectionOpened();
        if (parties.OtherSide is { } other) MetricsOf(loop, other).ConnectionOpened();
    }

    public void TcpClosed(int loop, in TcpOutcome outcome)
    {
        CountConnection(loop, outcome.Parties, outcome);
        if (outcome.Parties.OtherSide is { } other) CountConnection(loop, other, outcome);
        var flag = outcome.Failure?.Flag ?? ResponseFlag.None;
        if (outcome.Telemetry.AccessLog.Wants(0, flag, outcome.Duration, loops[loop].Bits.Next32())) LogConnection(loop, outcome, flag);
    }

    public void RedisEnded(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count)
    {
        CountRedis(loop, parties, command, result, duration, count);
        if (parties.OtherSide is { } other) CountRedis(loop, other, command, result, duration, count);
    }

    public void RedisOpaque(int loop, TrafficParties parties, string reason)
    {
        MetricsOf(loop, parties).Redis.Opaque(reason);
        if (parties.OtherSide is { } other) MetricsOf(loop, other).Redis.Opaque(reason);
    }

    public void RedisReplayed(int loop, TrafficParties parties, string reason, int count)
    {
        MetricsOf(loop, parties).Redis.Replayed(reason, count);
        if (parties.OtherSide is { } other) MetricsOf(loop, other).Redis.Replayed(reason, count);
    }

    public void ProtocolDetected(int loop, ServicePortModel service, DetectionResult result) => loops[loop].Detections.Count(service.Hostname, result);

    public void ConnectionRefused(int loop, TelemetryModel telemetry, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure)
    {
        var local = new Party(workload?.Description.Name ?? "unknown", workload?.Description.Namespace ?? "unknown", "unknown", "unknown");
        var parties = new TrafficParties(new TrafficLabels(Reporter.Destination, Party.Unknown, local, "tcp", "unknown"));
        TcpOpened(loop, parties);
        TcpClosed(loop, new TcpOutcome
        {
            Parties = parties,
            Telemetry = telemetry,
            Failure = failure,
            Duration = TimeSpan.Zero,
            ReceivedBytes = 0,
            SentBytes = 0,
            Client = client,
            Upstream = destination,
        });
    }

    private void CountRequest(int loop, TrafficParties parties, in HttpOutcome outcome, ResponseFlag flag)
    {
        var metrics = MetricsOf(loop, parties);
        if (outcome.IsUpgraded)
        {
            metrics.ConnectionClosed(flag);
            metrics.Sent(outcome.ResponseBytes);
            metrics.Received(outcome.RequestBytes);
            return;
        }
        metrics.RequestEnded(outcome.Status, flag, outcome.Duration, outcome.RequestBytes, outcome.ResponseBytes, outcome.Grpc?.Status ?? -1);
        if (outcome.Grpc is { } grpc) metrics.CallEnded(outcome.Request.Path, grpc.Status, grpc.RequestMessages, grpc.ResponseMessages);
    }

    private void CountRedis(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count) =>
        MetricsOf(loop, parties).Redis.Ended(command.Id, command.Name, ResultTexts[(int)result], duration, count);

    private void CountConnection(int loop, TrafficParties parties, in TcpOutcome outcome)
    {
        var metrics = MetricsOf(loop, parties);
        metrics.ConnectionClosed(outcome.Failure?.Flag ?? ResponseFlag.None);
        metrics.Sent(outcome.SentBytes);
        metrics.Received(outcome.ReceivedBytes);
    }

    private TrafficMetrics MetricsOf(int loop, TrafficParties parties) => parties.Metrics ??= loops[loop].Metrics.Get(parties.Labels);

    private void LogRequest(int loop, in HttpOutcome outcome, ResponseFlag flag)
    {
        outcome.Request.Headers.TryGet("x-request-id"u8, out var requestId);
        loops[loop].Log.Write(new AccessRecord
        {
            Start = time.GetUtcNow() - outcome.Duration,
            Duration = outcome.Duration,
            Labels = MetricsOf(loop, outcome.Parties).AccessLabels,
            Extra = outcome.Telemetry.AccessLog.Extra,
            Format = outcome.Telemetry.AccessLog.Format,
            SourceAddress = AddressOf(outcome.Client),
            EndpointAddress = AddressOf(outcome.Upstream),
            Method = outcome.Request.Method.Span,
            Authority = outcome.Request.Authority.Span,
            Path = outcome.Request.Target.Span,
            RequestId = requestId,
            TraceId = outcome.TraceId,
            ResponseCode = outcome.Status,
            GrpcStatus = outcome.Grpc is { Status: >= 0 } grpc ? grpc.Status : null,
            Flags = flag,
            FailureReason = outcome.Failure?.Reason,
            RouteName = outcome.Route,
            BytesReceived = outcome.RequestBytes,
            BytesSent = outcome.ResponseBytes,
        });
    }

    private void LogConnection(int loop, in TcpOutcome outcome, ResponseFlag flag) => loops[loop].Log.Write(new AccessRecord
    {
        Start = time.GetUtcNow() - outcome.Duration,
        Duration = outcome.Duration,
        Labels = MetricsOf(loop, outcome.Parties).AccessLabels,
        Extra = outcome.Telemetry.AccessLog.Extra,
        Format = outcome.Telemetry.AccessLog.Format,
        SourceAddress = AddressOf(outcome.Client),
        EndpointAddress = AddressOf(outcome.Upstream),
        Authority = outcome.ServerName,
        Flags = flag,
        FailureReason = outcome.Failure?.Reason,
        RouteName = outcome.Route,
        BytesReceived = outcome.ReceivedBytes,
        BytesSent = outcome.SentBytes,
    });

    private static AccessAddress AddressOf(IpPort value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.Address.WriteV6Bytes(bytes);
        return new AccessAddress(bytes, value.Port);
    }
}
