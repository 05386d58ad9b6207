using Mesh.Http.Http2;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Reporting;

/// <summary>One finished exchange. References are valid only during the call.</summary>
public readonly ref struct HttpOutcome
{
    public required TrafficParties Parties { get; init; }
    public required TelemetryModel Telemetry { get; init; }
    public required Mesh.Http.RequestHead Request { get; init; }
    public required int Status { get; init; }
    public required Failure? Failure { get; init; }
    public required TimeSpan Duration { get; init; }
    public required long RequestBytes { get; init; }
    public required long ResponseBytes { get; init; }
    public required IpPort Client { get; init; }
    public required IpPort Upstream { get; init; }
    public required string Route { get; init; }

    /// <summary>32 hexadecimal digits, or empty.</summary>
    public required ReadOnlySpan<byte> TraceId { get; init; }

    /// <summary>It became a byte stream of another protocol; <see cref="ITrafficReporter.Upgraded"/> was called then.</summary>
    public bool IsUpgraded { get; init; }

    /// <summary>Null when it was no gRPC call.</summary>
    public GrpcOutcome? Grpc { get; init; }
}

/// <param name="Status">The code that the client got; -1 if it got none.</param>
public readonly record struct GrpcOutcome(int Status, long RequestMessages, long ResponseMessages);

public readonly ref struct TcpOutcome
{
    public required TrafficParties Parties { get; init; }
    public required TelemetryModel Telemetry { get; init; }
    public required Failure? Failure { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>From the client to the server.</summary>
    public required long ReceivedBytes { get; init; }

    /// <summary>From the server to the client.</summary>
    public required long SentBytes { get; init; }

    public required IpPort Client { get; init; }
    public required IpPort Upstream { get; init; }

    /// <summary>What the client asked for in its ClientHello; empty: nothing, or not known.</summary>
    public ReadOnlySpan<byte> ServerName { get; init; }

    /// <summary>Empty: none matched.</summary>
    public string? Route { get; init; }
}

public enum Http2Side
{
    Downstream,
    Upstream,
    Tunnel,
}

/// <summary>How a Redis command ended.</summary>
public enum RedisResult
{
    Ok,

    /// <summary>The server answered with an error, or not at all.</summary>
    Error,

    /// <summary>A policy did not let it through.</summary>
    Denied,
}

/// <summary>Takes what happened on a loop and turns it into metrics and log records without blocking it.</summary>
public interface ITrafficReporter
{
    void HttpFinished(int loop, in HttpOutcome outcome);

    /// <summary>An exchange has become a byte stream of another protocol: from here on it counts as a connection, not as a request that takes long.</summary>
    void Upgraded(int loop, TrafficParties parties);

    /// <summary>We ended a connection of HTTP/2 because its peer broke the protocol or went beyond what is allowed.</summary>
    void Http2Failed(int loop, Http2Side side, ErrorCode code);

    void TcpOpened(int loop, TrafficParties parties);

    void TcpClosed(int loop, in TcpOutcome outcome);

    /// <param name="duration">From the command to its reply; not known of those that were not answered by the server.</param>
    /// <param name="count">So many alike, sent and answered at the same time.</param>
    void RedisEnded(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count);

    /// <summary>A Redis connection whose replies are not followed any more.</summary>
    void RedisOpaque(int loop, TrafficParties parties, string reason);

    /// <summary>Reads that a replica did not answer; the primary is asked instead.</summary>
    /// <param name="parties">With the replica.</param>
    void RedisReplayed(int loop, TrafficParties parties, string reason, int count);

    /// <summary>A connection to a port whose protocol nobody named has shown what it is.</summary>
    void ProtocolDetected(int loop, ServicePortModel service, DetectionResult result);

    /// <summary>A connection that ended before it was known what it would carry: refused plaintext, a failed handshake.</summary>
    void ConnectionRefused(int loop, TelemetryModel telemetry, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure);
}
