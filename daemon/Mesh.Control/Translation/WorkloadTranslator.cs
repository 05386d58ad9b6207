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
        TunnelPort = checked((ushort)(workload.TunnelPort > 0 ? workload.TunnelPort : DefaultTunnelPort)),
        Healthy = workload.Health != Protocol.Config.Health.Unhealthy,
        Labels = workload.Labels,
        Policy = policies.Of(workload),
        // Filled by ServiceTranslator, which knows the services.
        Ports = new Dictionary<int, InboundPort>(),
    };
}
