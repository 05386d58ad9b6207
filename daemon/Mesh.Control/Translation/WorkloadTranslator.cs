using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

internal sealed class WorkloadTranslator(string trustDomain, PolicyTranslator policies)
{
    private const int DefaultTunnelPort = 15008;

    /// <returns>Sorted by uid, so that every node resolves conflicts alike.</returns>
    public List<WorkloadModel> Translate(IEnumerable<Workload> workloads) =>
        [.. workloads.Select(ToModel).OrderBy(static w => w.Uid, StringComparer.Ordinal)];

    private WorkloadModel ToModel(Workload workload) => new()
    {
        Namespace = workload.Namespace,
        Name = workload.Name,
        Uid = $"{workload.Namespace}/{workload.Name}",
        Identity = new SpiffeId(workload.TrustDomain.Length > 0 ? workload.TrustDomain : trustDomain, workload.Namespace, workload.ServiceAccount),
        Addresses = [.. workload.Addresses.Select(static a => Ip.FromBytes(a.Span))],
        Node = workload.Node,
        Tunnel = (TunnelKind)workload.Tunnel,
        TunnelPort = (ushort)(workload.TunnelPort > 0 ? workload.TunnelPort : DefaultTunnelPort),
        Healthy = workload.Health == Health.Healthy,
        Labels = workload.Labels,
        Policy = policies.Of(workload),
        Ports = PortsOf(workload),
    };

    /// <summary>Filled with service names here; the protocols are added by <see cref="ServiceTranslator"/>, which knows the services.</summary>
    private static Dictionary<int, InboundPort> PortsOf(Workload workload)
    {
        var ports = new Dictionary<int, InboundPort>();
        foreach (var (service, mapping) in workload.Services.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            int slash = service.IndexOf('/');
            foreach (var port in mapping.Ports)
                ports.TryAdd((int)port.TargetPort, new InboundPort(service[(slash + 1)..], service[..slash], Proxy.Configuration.AppProtocol.Detect));
        }
        return ports;
    }
}
