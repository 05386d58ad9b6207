using Mesh.Io;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Dns;

internal enum MeshNameKind
{
    Unknown,

    /// <summary>Nothing of its own, but names below it: it must not be said not to exist (RFC 8020).</summary>
    Parent,

    /// <summary>catalog.shop.mesh</summary>
    Service,

    /// <summary>_http._tcp.catalog.shop.mesh</summary>
    Port,

    /// <summary>web-0.catalog.shop.mesh, of a service without an address of its own.</summary>
    Workload,

    /// <summary>7.0.240.240.in-addr.arpa</summary>
    Address,
}

/// <summary>What a name of the mesh stands for.</summary>
/// <param name="Host">The service's name below which it lies, or that its address leads to.</param>
internal readonly record struct MeshName(MeshNameKind Kind, string Host, ServiceModel? Service = null, ServicePortModel? Port = null, WorkloadModel? Workload = null)
{
    private const string Tcp = "_tcp.";

    internal static MeshName Find(Snapshot snapshot, string name)
    {
        if (snapshot.ServicesByHost.TryGetValue(name, out var service)) return new(MeshNameKind.Service, name, service);
        var found = name.StartsWith('_') ? FindPort(snapshot, name) : FindWorkload(snapshot, name);
        if (found.Kind != MeshNameKind.Unknown) return found;
        if (snapshot.HostParents.TryGetValue(name, out _)) return new(MeshNameKind.Parent, name);
        return ReverseNames.TryParse(name, out var address) ? FindAddress(snapshot, address) : default;
    }

    /// <summary>Workloads behind the service that take traffic, each once.</summary>
    internal static List<EndpointModel> EndpointsOf(ServiceModel service)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var endpoints = new List<EndpointModel>();
        foreach (var port in service.Ports)
        {
            foreach (var endpoint in port.Endpoints)
            {
                if (known.Add(endpoint.Workload.Uid)) endpoints.Add(endpoint);
            }
        }
        return endpoints;
    }

    private static MeshName FindPort(Snapshot snapshot, string name)
    {
        bool isProtocol = name.StartsWith(Tcp, StringComparison.Ordinal);
        int protocol = isProtocol ? 0 : name.IndexOf('.') + 1;
        if (!name.AsSpan(protocol).StartsWith(Tcp)) return default;
        string host = name[(protocol + Tcp.Length)..];
        if (!snapshot.ServicesByHost.TryGetValue(host, out var service)) return default;
        foreach (var port in service.Ports)
        {
            if (port.PortName.Length == 0) continue;
            if (isProtocol) return new(MeshNameKind.Parent, host, service);
            if (name.AsSpan(1, protocol - 2).SequenceEqual(port.PortName)) return new(MeshNameKind.Port, host, service, port);
        }
        return default;
    }

    private static MeshName FindWorkload(Snapshot snapshot, string name)
    {
        for (int dot = name.IndexOf('.'); dot > 0; dot = name.IndexOf('.', dot + 1))
        {
            string host = name[(dot + 1)..];
            if (!snapshot.ServicesByHost.TryGetValue(host, out var service)) continue;
            if (service.Addresses.Count > 0) return default;
            foreach (var endpoint in EndpointsOf(service))
            {
                if (name.AsSpan(0, dot).SequenceEqual(endpoint.Workload.Name)) return new(MeshNameKind.Workload, host, service, Workload: endpoint.Workload);
            }
            return default;
        }
        return default;
    }

    private static MeshName FindAddress(Snapshot snapshot, Ip address) =>
        snapshot.ServicesByAddress.TryGetValue(address, out var service) && service.Hostnames.Count > 0
            ? new(MeshNameKind.Address, service.Hostnames[0], service)
            : default;
}
