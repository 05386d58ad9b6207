using System.Runtime.CompilerServices;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Outbound;

/// <summary>One loop's HTTP conversations by who takes part, so that neither a request nor a connection between known parties makes a new object.</summary>
internal sealed class PartiesCache(LocalWorkloads locals)
{
    private const int MaxEntries = 4096;

    private readonly Dictionary<Key, TrafficParties> known = [];
    private Snapshot? seen;

    /// <param name="identity">The source's in this snapshot.</param>
    public TrafficParties Get(Snapshot snapshot, LocalWorkloadState? source, SpiffeId? identity, EndpointModel? endpoint, ServicePortModel? service)
    {
        // A new snapshot may have another trust domain, and what it has no more shall not be held here.
        if (!ReferenceEquals(seen, snapshot) || known.Count >= MaxEntries)
        {
            known.Clear();
            seen = snapshot;
        }
        var key = new Key(source, endpoint, service, endpoint is not null && locals.TryGet(endpoint.Workload.Uid, out _));
        return known.TryGetValue(key, out var parties) ? parties : known[key] = Make(key, identity);
    }

    private static TrafficParties Make(in Key key, SpiffeId? identity)
    {
        var parties = TrafficParties.FromSource(key.Source, identity, key.Endpoint, key.Service, "http");
        return key.IsLocal ? parties.WithDestination() : parties;
    }

    /// <summary>The same objects, not equal ones.</summary>
    private readonly struct Key(LocalWorkloadState? source, EndpointModel? endpoint, ServicePortModel? service, bool isLocal) : IEquatable<Key>
    {
        public LocalWorkloadState? Source => source;
        public EndpointModel? Endpoint => endpoint;
        public ServicePortModel? Service => service;

        /// <summary>The endpoint is served by this daemon too.</summary>
        public bool IsLocal => isLocal;

        public bool Equals(Key other) =>
            ReferenceEquals(source, other.Source) && ReferenceEquals(endpoint, other.Endpoint) && ReferenceEquals(service, other.Service) && isLocal == other.IsLocal;

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() =>
            (RuntimeHelpers.GetHashCode(source) * 31 + RuntimeHelpers.GetHashCode(endpoint)) * 31 + RuntimeHelpers.GetHashCode(service);
    }
}
