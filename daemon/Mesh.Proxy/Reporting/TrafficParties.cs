using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Reporting;

/// <summary>Who talks with whom, as far as it is known. Made once per connection and endpoint, not per request; belongs to one loop.</summary>
public sealed class TrafficParties(TrafficLabels labels)
{
    public TrafficLabels Labels => labels;

    /// <summary>Looked up by the reporter at the first use.</summary>
    internal TrafficMetrics? Metrics { get; set; }

    /// <param name="source">Null for a gateway.</param>
    /// <param name="endpoint">Null when none was chosen, or outside the mesh.</param>
    public static TrafficParties FromSource(LocalWorkloadState? source, SpiffeId? principal, EndpointModel? endpoint, ServicePortModel? service, string protocol)
    {
        bool mutualTls = source is not null && endpoint is not null && endpoint.Workload.Tunnel != TunnelKind.None;
        var from = new Party(source?.Description.Name ?? Unknown, source?.Description.Namespace ?? Unknown, principal?.ToString() ?? Unknown, Unknown);
        var to = new Party(
            endpoint?.Workload.Name ?? Unknown,
            endpoint?.Workload.Namespace ?? service?.ServiceNamespace ?? Unknown,
            endpoint?.Workload.Identity.ToString() ?? Unknown,
            service?.Hostname ?? Unknown);
        return new TrafficParties(new TrafficLabels(Reporter.Source, from, to, protocol, Security(mutualTls)));
    }

    /// <param name="peer">The configuration's view of the client, if its address is known and its certificate agrees.</param>
    public static TrafficParties AtDestination(WorkloadModel? peer, SpiffeId? principal, LocalWorkloadState local, SpiffeId localId, InboundPort? port, string protocol)
    {
        var from = new Party(peer?.Name ?? Unknown, principal?.Namespace ?? peer?.Namespace ?? Unknown, principal?.ToString() ?? Unknown, Unknown);
        var to = new Party(local.Description.Name, local.Description.Namespace, localId.ToString(), port?.Hostname ?? Unknown);
        return new TrafficParties(new TrafficLabels(Reporter.Destination, from, to, protocol, Security(principal is not null)));
    }

    /// <summary>The destination's view of the same conversation, where one daemon serves both sides and nobody else will report it; else null.</summary>
    public TrafficParties? OtherSide { get; private init; }

    /// <summary>For a destination on this machine.</summary>
    public TrafficParties WithDestination() =>
        new(labels) { OtherSide = new TrafficParties(labels with { Reporter = Reporter.Destination }) };

    /// <summary>The same parties in gRPC calls.</summary>
    public TrafficParties ForGrpc => forGrpc ??= As("grpc");

    /// <summary>The same parties on a connection that HTTP was only the beginning of.</summary>
    public TrafficParties ForUpgrade => forUpgrade ??= As("websocket");

    private TrafficParties? forGrpc;
    private TrafficParties? forUpgrade;

    private TrafficParties As(string protocol) => new(labels with { Protocol = protocol }) { OtherSide = OtherSide?.As(protocol) };

    private const string Unknown = "unknown";

    private static string Security(bool mutualTls) => mutualTls ? "mutual_tls" : "none";
}
