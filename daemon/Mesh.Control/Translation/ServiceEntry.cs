using System.Collections.Frozen;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using AppProtocol = Mesh.Proxy.Configuration.AppProtocol;

namespace Mesh.Control.Translation;

/// <summary>A service with the workloads behind it, whichever of them arrived first. Workloads that leave and join are noted, and worked into
/// the sorted lists once per change of the configuration.</summary>
internal sealed class ServiceEntry(string key)
{
    private readonly List<WorkloadEntry> members = [];
    private readonly HashSet<string> left = new(StringComparer.Ordinal);
    private readonly List<WorkloadEntry> joined = [];
    private (int Port, EndpointModel[] Endpoints)[] endpoints = [];
    private (ServicePorts Mapping, IReadOnlyDictionary<int, InboundPort> Ports)? shared;
    private ServiceModel? description;

    public string Key => key;

    /// <summary>As of the last change; null while there are only workloads that name it.</summary>
    public ServiceModel? Model { get; set; }

    public bool IsUnused => Model is null && description is null && members.Count == 0;

    public IReadOnlyList<WorkloadEntry> Members => members;

    /// <summary>What the resource says, without endpoints and what is attached; null: there is none.</summary>
    public ServiceModel? Description
    {
        get => description;
        set => (description, shared) = (value, null);
    }

    public void Leave(WorkloadEntry workload) => left.Add(workload.Model.Uid);

    public void Join(WorkloadEntry workload) => joined.Add(workload);

    /// <summary>By service port, in order of the workloads' names.</summary>
    public EndpointModel[] EndpointsOf(int port)
    {
        foreach (var known in endpoints)
        {
            if (known.Port == port) return known.Endpoints;
        }
        return [];
    }

    /// <summary>What a workload's ports are known as by this service; the same object for workloads with the same mapping.</summary>
    public IReadOnlyDictionary<int, InboundPort> PortsOf(ServicePorts mapping)
    {
        if (shared is { } last && last.Mapping.Equals(mapping)) return last.Ports;
        var ports = new Dictionary<int, InboundPort>();
        NamePorts(mapping, ports);
        shared = (mapping, ports.ToFrozenDictionary());
        return shared.Value.Ports;
    }

    /// <summary>Adds what is known about the ports; the first service that knows the protocol of one keeps it.</summary>
    public void NamePorts(ServicePorts mapping, Dictionary<int, InboundPort> ports)
    {
        foreach (var port in mapping.Ports)
        {
            if (description?.FindPort((int)port.ServicePort) is not { } known) continue;
            if (ports.TryGetValue((int)port.TargetPort, out var named) && named.Protocol != AppProtocol.Detect) continue;
            ports[(int)port.TargetPort] = new InboundPort(known.Hostname, known.Protocol, known.ServiceKey, known.Port);
        }
    }

    /// <summary>Works in who left and joined.</summary>
    public void Settle()
    {
        if (left.Count + joined.Count == 0) return;
        if (left.Count > 0) members.RemoveAll(member => left.Contains(member.Model.Uid));
        members.AddRange(joined);
        joined.Sort(static (a, b) => string.CompareOrdinal(a.Model.Uid, b.Model.Uid));
        var ports = endpoints.Select(static known => known.Port).Union(joined.SelectMany(member => member.PortsTo(this)));
        endpoints = [.. ports.ToList().Select(port => (port, Merged(port))).Where(static known => known.Item2.Length > 0)];
        left.Clear();
        joined.Clear();
    }

    /// <summary>Both lists are sorted by name, so a change of one in thousands costs a copy, not a sort.</summary>
    private EndpointModel[] Merged(int port)
    {
        var result = new List<EndpointModel>();
        var added = joined.SelectMany(member => member.EndpointsTo(this, port)).ToList();
        int next = 0;
        foreach (var kept in EndpointsOf(port))
        {
            if (left.Contains(kept.Workload.Uid)) continue;
            for (; next < added.Count && string.CompareOrdinal(added[next].Workload.Uid, kept.Workload.Uid) < 0; next++) result.Add(added[next]);
            result.Add(kept);
        }
        result.AddRange(added.Skip(next));
        return [.. result];
    }
}
