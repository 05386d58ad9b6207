using System.Collections.Frozen;
using Mesh.Control.Config;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Policy;

namespace Mesh.Control.Translation;

/// <summary>Workloads with their endpoints. An endpoint's state is kept as long as its workload has that endpoint.</summary>
internal sealed class WorkloadTranslator(
    int loops, PolicyTranslator policies, TelemetryTranslator telemetry, ServiceTranslator services, Interner interner)
{
    private const int DefaultTunnelPort = 15008;

    private static readonly IReadOnlyDictionary<int, InboundPort> noPorts = FrozenDictionary<int, InboundPort>.Empty;

    private readonly Dictionary<string, WorkloadEntry> entries = new(StringComparer.Ordinal);
    private readonly Table<string, WorkloadModel>.Builder byUid = new(Table<string, WorkloadModel>.Empty);
    private readonly OwnedTable<Ip, WorkloadModel> byAddress = new(static workload => workload.Uid);

    /// <summary>For workloads that name none.</summary>
    public string TrustDomain { get; set; } = "";

    /// <summary>Models made since the start: the measure of work.</summary>
    public long ModelsMade { get; private set; }

    public Table<string, WorkloadModel> ByUid => byUid.ToTable();

    public Table<Ip, WorkloadModel> ByAddress => byAddress.ToTable();

    /// <exception cref="ArgumentException">It cannot be carried out.</exception>
    /// <exception cref="OverflowException">Likewise.</exception>
    public static void Check(Workload workload)
    {
        _ = ToModel(workload, "", new SpiffeId("", "", ""), InboundPolicy.Default, TelemetryModel.Default, noPorts, new Interner());
        foreach (var port in workload.Services.Values.SelectMany(static mapping => mapping.Ports)) _ = checked((ushort)port.TargetPort);
    }

    public void Set(CachedResource resource) => Replace(entries.GetValueOrDefault(resource.Name), Make(resource));

    public void Remove(string uid)
    {
        if (entries.GetValueOrDefault(uid) is { } entry) Replace(entry, null);
    }

    /// <summary>Looks again at workloads whose policies or services may have changed, and makes those anew for which that is so.</summary>
    /// <param name="settled">Uids that were made in this change already.</param>
    public void Recheck(WorkloadScope scope, IReadOnlySet<string> settled)
    {
        foreach (var entry in InScope(scope).ToList())
        {
            if (settled.Contains(entry.Model.Uid) || !ReferenceEquals(entries.GetValueOrDefault(entry.Model.Uid), entry)) continue;
            var message = (Workload)entry.Resource.Parse();
            if (!ReferenceEquals(policies.Of(message), entry.Model.Policy) || telemetry.Of(message) != entry.Model.Telemetry
                || IdentityOf(message) != entry.Model.Identity || !SamePorts(PortsOf(message, entry.Services), entry.Model.Ports))
                Set(entry.Resource);
        }
    }

    private IEnumerable<WorkloadEntry> InScope(WorkloadScope scope)
    {
        if (scope.Everything) return entries.Values;
        var found = scope.Uids.Select(uid => entries.GetValueOrDefault(uid)).OfType<WorkloadEntry>()
            .Concat(scope.Services.SelectMany(services.Members));
        return scope.Namespaces.Count == 0 ? found.Distinct()
            : found.Concat(entries.Values.Where(entry => scope.Namespaces.Contains(entry.Model.Namespace))).Distinct();
    }

    private void Replace(WorkloadEntry? before, WorkloadEntry? after)
    {
        foreach (var service in before?.Services ?? []) services.Leave(service, before!);
        foreach (var service in after?.Services ?? []) services.Join(service, after!);
        byAddress.Replace(before?.Model, after?.Model, static model => model.Addresses);
        if (after is null)
        {
            entries.Remove(before!.Model.Uid);
            byUid.Remove(before.Model.Uid);
            return;
        }
        entries[after.Model.Uid] = after;
        byUid.Set(after.Model.Uid, after.Model);
    }

    private WorkloadEntry Make(CachedResource resource)
    {
        var workload = (Workload)resource.Parse();
        ServiceEntry[] behind = [.. workload.Services.Keys.Order(StringComparer.Ordinal).Select(services.EntryOf)];
        var model = ToModel(workload, resource.Name, IdentityOf(workload), policies.Of(workload), telemetry.Of(workload), PortsOf(workload, behind), interner);
        ModelsMade++;
        return new WorkloadEntry(resource, model, behind, [.. Served(workload, model, entries.GetValueOrDefault(resource.Name))]);
    }

    private SpiffeId IdentityOf(Workload workload) =>
        interner.Identity(workload.TrustDomain.Length > 0 ? workload.TrustDomain : TrustDomain, workload.Namespace, workload.ServiceAccount);

    private static WorkloadModel ToModel(
        Workload workload, string uid, SpiffeId identity, InboundPolicy policy, TelemetryModel telemetry,
        IReadOnlyDictionary<int, InboundPort> ports, Interner interner) => new()
    {
        Namespace = interner.Text(workload.Namespace),
        Name = workload.Name,
        Uid = uid,
        Identity = identity,
        Addresses = [.. workload.Addresses.Select(static a => Ip.FromBytes(a.Span))],
        Node = interner.Text(workload.Node),
        Tunnel = (TunnelKind)workload.Tunnel,
        TunnelPort = checked((ushort)(workload.TunnelPort > 0 ? workload.TunnelPort : DefaultTunnelPort)),
        Healthy = workload.Health != Protocol.Config.Health.Unhealthy,
        Policy = policy,
        Telemetry = telemetry,
        Ports = ports,
    };

    private static IReadOnlyDictionary<int, InboundPort> PortsOf(Workload workload, ServiceEntry[] behind)
    {
        if (behind.Length == 0) return noPorts;
        if (behind.Length == 1) return behind[0].PortsOf(workload.Services[behind[0].Key]);
        var ports = new Dictionary<int, InboundPort>();
        foreach (var service in behind) service.NamePorts(workload.Services[service.Key], ports);
        return ports;
    }

    private static bool SamePorts(IReadOnlyDictionary<int, InboundPort> a, IReadOnlyDictionary<int, InboundPort> b) =>
        ReferenceEquals(a, b) || (a.Count == b.Count && a.All(port => b.TryGetValue(port.Key, out var other) && other == port.Value));

    /// <summary>Unhealthy workloads and those of weight 0 take no traffic.</summary>
    private IEnumerable<ServedPort> Served(Workload workload, WorkloadModel model, WorkloadEntry? before)
    {
        if (!model.Healthy || workload.Weight == 0 || model.Addresses.Length == 0) yield break;
        var states = new Dictionary<IpPort, EndpointState>();
        var first = model.Addresses[0];
        var other = Array.Find(model.Addresses, address => address.IsV4 != first.IsV4);
        foreach (var (service, mapping) in workload.Services)
        {
            foreach (var port in mapping.Ports)
            {
                var target = new IpPort(first, checked((ushort)port.TargetPort));
                if (!states.TryGetValue(target, out var state)) states.Add(target, state = before?.StateOf(target) ?? new EndpointState(loops));
                var endpoint = new EndpointModel
                {
                    Workload = model,
                    Target = target,
                    OtherTarget = other == default ? null : target with { Address = other },
                    Weight = (int)workload.Weight,
                    State = state,
                };
                yield return new ServedPort(services.EntryOf(service), (int)port.ServicePort, endpoint);
            }
        }
    }
}
