using Mesh.Io;
using Mesh.Protocol.Config;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;
using AppProtocol = Mesh.Proxy.Configuration.AppProtocol;

namespace Mesh.Control.Translation;

/// <summary>Services with their endpoints. An endpoint's state is kept as long as some snapshot has the endpoint.</summary>
internal sealed class ServiceTranslator(int loops, Random random)
{
    private Dictionary<(string Uid, IpPort Target), EndpointState> states = [];

    public List<ServiceModel> Translate(ResourceGroups groups, List<WorkloadModel> workloads, RouteTranslator routes)
    {
        var byUid = workloads.ToDictionary(static w => w.Uid);
        var endpoints = CollectEndpoints(groups.Workloads, byUid);
        var traffic = new TrafficTranslator(groups.TrafficPolicies, loops, random);
        var result = new List<ServiceModel>();
        foreach (var service in groups.Services.OrderBy(static s => $"{s.Namespace}/{s.Name}", StringComparer.Ordinal))
            result.Add(ToModel(service, endpoints, routes, traffic));
        NameInboundProtocols(groups.Workloads, byUid, result);
        return result;
    }

    private static ServiceModel ToModel(Service service, Dictionary<(string, int), List<EndpointModel>> endpoints, RouteTranslator routes, TrafficTranslator traffic)
    {
        string key = $"{service.Namespace}/{service.Name}";
        return new ServiceModel
        {
            Namespace = service.Namespace,
            Name = service.Name,
            Key = key,
            Hostnames = [.. service.Hostnames],
            Addresses = [.. service.Addresses.Select(static a => Ip.FromBytes(a.Span))],
            Ports = [.. service.Ports.Select(port => ToPort(service, key, port, endpoints, routes, traffic))],
        };
    }

    private static ServicePortModel ToPort(Service service, string key, ServicePort port,
        Dictionary<(string, int), List<EndpointModel>> endpoints, RouteTranslator routes, TrafficTranslator traffic)
    {
        var (balancer, settings) = traffic.Of(key, service.Namespace, (int)port.Port);
        return new ServicePortModel
        {
            ServiceKey = key,
            ServiceName = service.Name,
            ServiceNamespace = service.Namespace,
            Hostname = Hostname(service),
            Port = (int)port.Port,
            PortName = port.Name,
            Protocol = ToProtocol(port.AppProtocol),
            Endpoints = endpoints.TryGetValue((key, (int)port.Port), out var list) ? [.. list] : [],
            Balancer = balancer,
            Traffic = settings,
            HttpRoutes = routes.HttpOf(ParentRef.Types.Kind.Service, key, (int)port.Port, "", ""),
            TcpBackends = routes.TcpOf(ParentRef.Types.Kind.Service, key, (int)port.Port, ""),
        };
    }

    /// <summary>By service and service port. Unhealthy endpoints and those of weight 0 take no traffic.</summary>
    private Dictionary<(string, int), List<EndpointModel>> CollectEndpoints(List<Workload> workloads, Dictionary<string, WorkloadModel> byUid)
    {
        var result = new Dictionary<(string, int), List<EndpointModel>>();
        var kept = new Dictionary<(string, IpPort), EndpointState>();
        foreach (var workload in workloads.OrderBy(static w => $"{w.Namespace}/{w.Name}", StringComparer.Ordinal))
        {
            var model = byUid[$"{workload.Namespace}/{workload.Name}"];
            if (!model.Healthy || workload.Weight == 0 || model.Addresses.Length == 0) continue;
            foreach (var (service, mapping) in workload.Services)
            {
                foreach (var port in mapping.Ports)
                {
                    var endpoint = ToEndpoint(model, workload.Weight, checked((ushort)port.TargetPort), kept);
                    var key = (service, (int)port.ServicePort);
                    if (!result.TryGetValue(key, out var list)) result.Add(key, list = []);
                    list.Add(endpoint);
                }
            }
        }
        states = kept;
        return result;
    }

    private EndpointModel ToEndpoint(WorkloadModel workload, uint weight, ushort port, Dictionary<(string, IpPort), EndpointState> kept)
    {
        var target = new IpPort(workload.Addresses[0], port);
        var key = (workload.Uid, target);
        if (!kept.TryGetValue(key, out var state))
            kept.Add(key, state = states.GetValueOrDefault(key) ?? new EndpointState(loops));
        return new EndpointModel { Workload = workload, Target = target, Weight = (int)weight, State = state };
    }

    private static void NameInboundProtocols(List<Workload> workloads, Dictionary<string, WorkloadModel> byUid, List<ServiceModel> services)
    {
        var byKey = services.ToDictionary(static s => s.Key);
        foreach (var workload in workloads)
        {
            var ports = (Dictionary<int, InboundPort>)byUid[$"{workload.Namespace}/{workload.Name}"].Ports;
            foreach (var (service, mapping) in workload.Services.OrderBy(static s => s.Key, StringComparer.Ordinal))
            {
                if (!byKey.TryGetValue(service, out var model)) continue;
                foreach (var port in mapping.Ports)
                {
                    var servicePort = model.FindPort((int)port.ServicePort);
                    if (servicePort is null || ports.TryGetValue((int)port.TargetPort, out var known) && known.Protocol != AppProtocol.Detect) continue;
                    ports[(int)port.TargetPort] = new InboundPort(servicePort.Hostname, servicePort.Protocol);
                }
            }
        }
    }

    private static string Hostname(Service service) =>
        service.Hostnames.Count > 0 ? service.Hostnames[0] : $"{service.Name}.{service.Namespace}.mesh";

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
