using Mesh.Io;
using Mesh.Protocol.Config;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;
using AppProtocol = Mesh.Proxy.Configuration.AppProtocol;

namespace Mesh.Control.Translation;

/// <summary>Services with their endpoints and what is attached to them. Changes are noted by service; <see cref="Settle"/> makes each
/// changed model once.</summary>
internal sealed class ServiceTranslator(RouteTranslator routes, TrafficTranslator traffic, Interner interner)
{
    private static readonly LeastRequest leastRequest = new();

    private readonly Dictionary<string, ServiceEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<ServiceEntry, bool> changed = [];
    private readonly Table<string, ServiceModel>.Builder byKey = new(Table<string, ServiceModel>.Empty);
    private readonly OwnedTable<Ip, ServiceModel> byAddress = new(static service => service.Key);
    private readonly OwnedTable<string, ServiceModel> byHost = new(static service => service.Key);
    private readonly ParentNames parents = new();

    /// <summary>Models made since the start: the measure of work.</summary>
    public long ModelsMade { get; private set; }

    /// <summary>Service ports whose routes were put together anew since the start.</summary>
    public long RoutesMade { get; private set; }

    public Table<string, ServiceModel> ByKey => byKey.ToTable();

    public Table<Ip, ServiceModel> ByAddress => byAddress.ToTable();

    public Table<string, ServiceModel> ByHost => byHost.ToTable();

    public Table<string, string> HostParents => parents.ToTable();

    /// <exception cref="ArgumentException">It cannot be carried out.</exception>
    public static void Check(Service service) => _ = Describe(service, "", new Interner());

    /// <param name="service">Null: it is gone.</param>
    public void Set(string key, Service? service)
    {
        var entry = EntryOf(key);
        entry.Description = service is null ? null : Describe(service, key, interner);
        changed[entry] = true;
    }

    /// <summary>What is attached to these services may have changed.</summary>
    public void Reattach(WorkloadScope scope)
    {
        if (scope.Everything || scope.Namespaces.Count > 0)
        {
            foreach (var entry in entries.Values)
            {
                if (entry.Description is { } service && (scope.Everything || scope.Namespaces.Contains(service.Namespace))) changed[entry] = true;
            }
        }
        foreach (string key in scope.Services) Reattach(key);
    }

    public void Reattach(string key)
    {
        if (entries.GetValueOrDefault(key) is { Description: not null } entry) changed[entry] = true;
    }

    /// <summary>The entry of that name, made if need be; one that stays without service and workloads goes at the next <see cref="Settle"/>.</summary>
    public ServiceEntry EntryOf(string key)
    {
        if (!entries.TryGetValue(key, out var entry)) entries.Add(key, entry = new ServiceEntry(key));
        return entry;
    }

    public IEnumerable<WorkloadEntry> Members(string key) => entries.GetValueOrDefault(key)?.Members ?? [];

    public void Leave(ServiceEntry service, WorkloadEntry workload)
    {
        service.Leave(workload);
        changed.TryAdd(service, false);
    }

    public void Join(ServiceEntry service, WorkloadEntry workload)
    {
        service.Join(workload);
        changed.TryAdd(service, false);
    }

    public void Settle()
    {
        foreach (var (entry, attachments) in changed)
        {
            entry.Settle();
            var before = entry.Model;
            entry.Model = entry.Description is null ? null : ToModel(entry, attachments);
            if (entry.Model is null) byKey.Remove(entry.Key);
            else byKey.Set(entry.Key, entry.Model);
            byAddress.Replace(before, entry.Model, static service => service.Addresses);
            byHost.Replace(before, entry.Model, static service => service.Hostnames);
            parents.Replace(before?.Hostnames ?? [], entry.Model?.Hostnames ?? []);
            if (entry.IsUnused) entries.Remove(entry.Key);
        }
        changed.Clear();
    }

    private ServiceModel ToModel(ServiceEntry entry, bool attachments)
    {
        var description = entry.Description!;
        ModelsMade++;
        return new ServiceModel
        {
            Namespace = description.Namespace,
            Name = description.Name,
            Key = description.Key,
            Hostnames = description.Hostnames,
            Addresses = description.Addresses,
            Ports = [.. description.Ports.Select(port => ToPort(port, entry.Model?.FindPort(port.Port), entry.EndpointsOf(port.Port), attachments))],
        };
    }

    /// <param name="before">The port as it is in force; null: it is new.</param>
    /// <param name="attachments">Routes and traffic policies may be others; without it only the endpoints are.</param>
    private ServicePortModel ToPort(ServicePortModel port, ServicePortModel? before, EndpointModel[] endpoints, bool attachments)
    {
        if (attachments || before is null)
        {
            RoutesMade++;
            var (balancer, settings) = traffic.Of(port.ServiceKey, port.ServiceNamespace, port.Port, before?.Balancer);
            return With(port, endpoints, balancer, settings,
                routes.HttpOf(ParentRef.Types.Kind.Service, port.ServiceKey, port.Port, "", ""),
                routes.TcpOf(ParentRef.Types.Kind.Service, port.ServiceKey, port.Port, ""),
                routes.TlsOf(ParentRef.Types.Kind.Service, port.ServiceKey, port.Port, "", ""));
        }
        return With(port, endpoints, before.Balancer, before.Traffic, before.HttpRoutes, before.TcpBackends, before.TlsRoutes);
    }

    private static ServicePortModel With(ServicePortModel port, EndpointModel[] endpoints, LoadBalancer balancer, TrafficSettings settings,
        Proxy.Routing.HttpRouteTable? http, Proxy.Routing.BackendModel[] tcp, Proxy.Routing.TlsRouteTable? tls) => new()
    {
        ServiceKey = port.ServiceKey,
        ServiceName = port.ServiceName,
        ServiceNamespace = port.ServiceNamespace,
        Hostname = port.Hostname,
        Port = port.Port,
        PortName = port.PortName,
        Protocol = port.Protocol,
        Endpoints = endpoints,
        Balancer = balancer,
        Traffic = settings,
        HttpRoutes = http,
        TcpBackends = tcp,
        TlsRoutes = tls,
    };

    /// <summary>What the resource says by itself.</summary>
    private static ServiceModel Describe(Service service, string key, Interner interner)
    {
        string[] hostnames = [.. service.Hostnames];
        string hostname = hostnames.Length > 0 ? hostnames[0] : $"{service.Name}.{service.Namespace}.mesh";
        return new ServiceModel
        {
            Namespace = interner.Text(service.Namespace),
            Name = service.Name,
            Key = key,
            Hostnames = hostnames,
            Addresses = service.Addresses.Select(static a => Ip.FromBytes(a.Span)).ToArray(),
            Ports = [.. service.Ports.Select(port => new ServicePortModel
            {
                ServiceKey = key,
                ServiceName = service.Name,
                ServiceNamespace = interner.Text(service.Namespace),
                Hostname = hostname,
                Port = (int)port.Port,
                PortName = interner.Text(port.Name),
                Protocol = ToProtocol(port.AppProtocol),
                Endpoints = [],
                Balancer = leastRequest,
                Traffic = TrafficSettings.Default,
            })],
        };
    }

    private static AppProtocol ToProtocol(Protocol.Config.AppProtocol protocol) => protocol switch
    {
        Protocol.Config.AppProtocol.Http => AppProtocol.Http1,
        Protocol.Config.AppProtocol.Http2 => AppProtocol.Http2,
        Protocol.Config.AppProtocol.Grpc => AppProtocol.Grpc,
        Protocol.Config.AppProtocol.Tcp => AppProtocol.Tcp,
        Protocol.Config.AppProtocol.Tls => AppProtocol.Tls,
        Protocol.Config.AppProtocol.Redis => AppProtocol.Redis,
        _ => AppProtocol.Detect,
    };
}
