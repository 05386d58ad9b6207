using Mesh.Http.Resp;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Mesh.Io;
using Mesh.Telemetry.Traffic;

namespace Mesh.Kit.Proxy;

/// <param name="Kind">http, tcp or refused.</param>
/// <param name="BothSides">One daemon reported it for source and destination.</param>
public sealed record TrafficRecord(string Kind, int Status, ResponseFlag Flag, string Reason, bool BothSides, TrafficLabels? Labels, long ReceivedBytes, long SentBytes)
{
    /// <summary>Empty for a connection, or where there is no trace.</summary>
    public string TraceId { get; init; } = "";

    /// <summary>Of a request.</summary>
    public string Method { get; init; } = "";

    public string Path { get; init; } = "";

    /// <summary>Null when it was no gRPC call.</summary>
    public GrpcOutcome? Grpc { get; init; }

    /// <summary>Of a connection of TLS.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Of a connection: the TLSRoute that matched.</summary>
    public string Route { get; init; } = "";
}

/// <summary>Keeps what a proxy reports, in order. Written on the proxy's loops, read by the test.</summary>
public sealed class TrafficRecorder : ITrafficReporter
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<TrafficRecord> records = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<(Http2Side, Mesh.Http.Http2.ErrorCode)> http2Failures = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> commands = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> opaque = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> replays = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> byWorkload = new();

    private readonly System.Collections.Concurrent.ConcurrentQueue<DetectionResult> detections = new();

    public IReadOnlyCollection<TrafficRecord> Records => records;

    /// <summary>Connections that the proxy ended for what their peer did.</summary>
    public IReadOnlyCollection<(Http2Side Side, Mesh.Http.Http2.ErrorCode Code)> Http2Failures => http2Failures;

    public IReadOnlyCollection<DetectionResult> Detections => detections;

    public void HttpFinished(int loop, in HttpOutcome outcome) => records.Enqueue(
        Of("http", outcome.Status, outcome.Failure, outcome.Parties, outcome.RequestBytes, outcome.ResponseBytes) with
        {
            TraceId = System.Text.Encoding.ASCII.GetString(outcome.TraceId),
            Grpc = outcome.Grpc,
            Method = outcome.Request.Method.ToString(),
            Path = outcome.Request.Target.ToString(),
        });

    public void Upgraded(int loop, TrafficParties parties)
    {
        // Only ends are recorded.
    }

    public void Http2Failed(int loop, Http2Side side, Mesh.Http.Http2.ErrorCode code) => http2Failures.Enqueue((side, code));

    public void TcpOpened(int loop, TrafficParties parties)
    {
        // Only ends are recorded.
    }

    public void TcpClosed(int loop, in TcpOutcome outcome) => records.Enqueue(
        Of("tcp", 0, outcome.Failure, outcome.Parties, outcome.ReceivedBytes, outcome.SentBytes) with
        {
            ServerName = System.Text.Encoding.ASCII.GetString(outcome.ServerName),
            Route = outcome.Route ?? "",
        });

    public void ProtocolDetected(int loop, ServicePortModel service, DetectionResult result) => detections.Enqueue(result);

    /// <summary>"get ok" to how often, of source and destination alike.</summary>
    public IReadOnlyDictionary<string, int> Commands => commands;

    /// <summary>Why Redis connections were not followed any more.</summary>
    public IReadOnlyCollection<string> Opaque => opaque;

    /// <summary>"cart get ok" to how often: who answered, or should have.</summary>
    public IReadOnlyDictionary<string, int> CommandsByWorkload => byWorkload;

    public void RedisEnded(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count)
    {
        string what = $"{command.Name} {result.ToString().ToLowerInvariant()}";
        commands.AddOrUpdate(what, count, (_, before) => before + count);
        byWorkload.AddOrUpdate($"{parties.Labels.Destination.Workload} {what}", count, (_, before) => before + count);
    }

    public void RedisOpaque(int loop, TrafficParties parties, string reason) => opaque.Enqueue(reason);

    /// <summary>Reasons for which reads were sent again to the primary, once for each.</summary>
    public IReadOnlyCollection<string> Replays => replays;

    public void RedisReplayed(int loop, TrafficParties parties, string reason, int count)
    {
        for (int i = 0; i < count; i++) replays.Enqueue(reason);
    }

    public void ConnectionRefused(int loop, TelemetryModel telemetry, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure) =>
        records.Enqueue(Of("refused", 0, failure, null, 0, 0));

    private static TrafficRecord Of(string kind, int status, Failure? failure, TrafficParties? parties, long received, long sent) =>
        new(kind, status, failure?.Flag ?? ResponseFlag.None, failure?.Reason ?? "", parties?.OtherSide is not null, parties?.Labels, received, sent);
}
