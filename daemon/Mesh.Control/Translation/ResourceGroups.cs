using Google.Protobuf;
using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>The resources of a configuration by kind.</summary>
internal sealed class ResourceGroups
{
    public ResourceGroups(IEnumerable<IMessage> resources)
    {
        foreach (var resource in resources) Add(resource);
    }

    public List<Workload> Workloads { get; } = [];
    public List<Service> Services { get; } = [];
    public List<HttpRoute> HttpRoutes { get; } = [];
    public List<TcpRoute> TcpRoutes { get; } = [];
    public List<Gateway> Gateways { get; } = [];
    public List<AccessPolicy> AccessPolicies { get; } = [];
    public List<MtlsPolicy> MtlsPolicies { get; } = [];
    public List<TrafficPolicy> TrafficPolicies { get; } = [];
    public List<TelemetryPolicy> TelemetryPolicies { get; } = [];

    private void Add(IMessage resource)
    {
        switch (resource)
        {
            case Workload workload: Workloads.Add(workload); break;
            case Service service: Services.Add(service); break;
            case HttpRoute route: HttpRoutes.Add(route); break;
            case TcpRoute route: TcpRoutes.Add(route); break;
            case Gateway gateway: Gateways.Add(gateway); break;
            case AccessPolicy policy: AccessPolicies.Add(policy); break;
            case MtlsPolicy policy: MtlsPolicies.Add(policy); break;
            case TrafficPolicy policy: TrafficPolicies.Add(policy); break;
            case TelemetryPolicy policy: TelemetryPolicies.Add(policy); break;
            default: throw new InvalidOperationException($"no translation for {resource.Descriptor.FullName}");
        }
    }
}
