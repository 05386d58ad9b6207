using Mesh.Control.Config;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>One of a workload's endpoints, and the service port it serves.</summary>
internal readonly record struct ServedPort(ServiceEntry Service, int Port, EndpointModel Endpoint);

/// <summary>A workload as it is in force, with what takes it out again. Immutable.</summary>
/// <param name="Services">Those it is behind, in order of their names, whether it takes traffic or not.</param>
/// <param name="Served">In the order of the resource.</param>
internal sealed record WorkloadEntry(CachedResource Resource, WorkloadModel Model, ServiceEntry[] Services, ServedPort[] Served)
{
    public IEnumerable<int> PortsTo(ServiceEntry service) => Served.Where(served => served.Service == service).Select(static served => served.Port);

    public IEnumerable<EndpointModel> EndpointsTo(ServiceEntry service, int port) =>
        Served.Where(served => served.Service == service && served.Port == port).Select(static served => served.Endpoint);

    /// <summary>What was counted about an endpoint so far; null: there was none.</summary>
    public EndpointState? StateOf(Io.IpPort target)
    {
        foreach (var served in Served)
        {
            if (served.Endpoint.Target == target) return served.Endpoint.State;
        }
        return null;
    }
}
