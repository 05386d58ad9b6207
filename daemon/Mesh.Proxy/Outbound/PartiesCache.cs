using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Outbound;

/// <summary>The parties of a connection by endpoint, so that a request to a known endpoint makes no new object.</summary>
internal sealed class PartiesCache
{
    private const int MaxEntries = 256;

    private readonly Dictionary<(EndpointModel?, ServicePortModel?), TrafficParties> known = [];

    public TrafficParties Get(LocalWorkloadState? source, SpiffeId? identity, EndpointModel? endpoint, ServicePortModel? service, ReporterSide side)
    {
        if (known.TryGetValue((endpoint, service), out var parties)) return parties;
        if (known.Count >= MaxEntries) known.Clear();
        bool mutualTls = endpoint is not null && source is not null && endpoint.Workload.Tunnel != TunnelKind.None;
        parties = TrafficParties.FromSource(source, identity, endpoint, service, "http", mutualTls) with { Side = side };
        known.Add((endpoint, service), parties);
        return parties;
    }
}
