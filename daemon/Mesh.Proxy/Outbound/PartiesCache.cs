using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Outbound;

/// <summary>The parties of a connection by endpoint, so that a request to a known endpoint makes no new object.</summary>
internal sealed class PartiesCache(LocalWorkloads locals)
{
    private const int MaxEntries = 256;

    private readonly Dictionary<(EndpointModel?, ServicePortModel?), TrafficParties> known = [];

    public TrafficParties Get(LocalWorkloadState? source, SpiffeId? identity, EndpointModel? endpoint, ServicePortModel? service)
    {
        if (known.TryGetValue((endpoint, service), out var parties)) return parties;
        if (known.Count >= MaxEntries) known.Clear();
        parties = TrafficParties.FromSource(source, identity, endpoint, service, "http");
        if (endpoint is not null && locals.TryGet(endpoint.Workload.Uid, out _)) parties = parties.WithDestination();
        known.Add((endpoint, service), parties);
        return parties;
    }
}
