using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry;

namespace Mesh.Proxy.Reporting;

public enum ReporterSide
{
    Source,
    Destination,
}

/// <summary>Who talks with whom, as far as it is known; null where it is not. Made once per connection and endpoint, not per request.</summary>
public sealed record TrafficParties(
    ReporterSide Side,
    string? SourceWorkload,
    string? SourceNamespace,
    SpiffeId? SourcePrincipal,
    string? DestinationWorkload,
    string? DestinationNamespace,
    SpiffeId? DestinationPrincipal,
    string? DestinationServiceName,
    string? DestinationServiceNamespace,
    string Protocol,
    bool MutualTls)
{
    public static TrafficParties FromSource(LocalWorkloadState? source, SpiffeId? principal, EndpointModel? endpoint, ServicePortModel? service, string protocol, bool mutualTls) =>
        new(ReporterSide.Source,
            source?.Description.Name, source?.Description.Namespace, principal,
            endpoint?.Workload.Name, endpoint?.Workload.Namespace, endpoint?.Workload.Identity,
            service?.ServiceName, service?.ServiceNamespace, protocol, mutualTls);

    public static TrafficParties AtDestination(WorkloadModel? peer, SpiffeId? principal, LocalWorkloadState local, SpiffeId localId, InboundPort? port, string protocol) =>
        new(ReporterSide.Destination,
            peer?.Name, principal?.Namespace ?? peer?.Namespace, principal,
            local.Description.Name, local.Description.Namespace, localId,
            port?.ServiceName, port?.ServiceNamespace, protocol, principal is not null);
}

/// <summary>One finished exchange. References are valid only during the call.</summary>
public readonly ref struct HttpOutcome
{
    public required TrafficParties Parties { get; init; }
    public required Mesh.Http.RequestHead Request { get; init; }
    public required int Status { get; init; }
    public required Failure? Failure { get; init; }
    public required TimeSpan Duration { get; init; }
    public required long RequestBytes { get; init; }
    public required long ResponseBytes { get; init; }
    public required IpPort Client { get; init; }
    public required IpPort Upstream { get; init; }
    public required string Route { get; init; }
}

public readonly ref struct TcpOutcome
{
    public required TrafficParties Parties { get; init; }
    public required Failure? Failure { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>From the client to the server.</summary>
    public required long ReceivedBytes { get; init; }

    /// <summary>From the server to the client.</summary>
    public required long SentBytes { get; init; }

    public required IpPort Client { get; init; }
    public required IpPort Upstream { get; init; }
}

/// <summary>Takes what happened on a loop and turns it into metrics and log records without blocking it.</summary>
public interface ITrafficReporter
{
    void HttpFinished(int loop, in HttpOutcome outcome);

    void TcpOpened(int loop, TrafficParties parties);

    void TcpClosed(int loop, in TcpOutcome outcome);

    /// <summary>An accepted connection, of any protocol, of this workload (null: of a gateway).</summary>
    void ConnectionOpened(int loop, LocalWorkloadState? workload);

    void ConnectionClosed(int loop, LocalWorkloadState? workload);

    /// <summary>A connection that ended before it was known what it would carry: refused plaintext, a failed handshake.</summary>
    void ConnectionRefused(int loop, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure);
}
