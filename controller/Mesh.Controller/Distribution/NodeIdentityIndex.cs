using Mesh.Io.Tls;
using Mesh.Protocol.Config;
using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>Which identities run on which node, by the workloads of a graph. Built once per change of the workloads. Thread-safe.</summary>
internal sealed class NodeIdentityIndex(IGraphSource source)
{
    private sealed record Snapshot(IReadOnlyDictionary<string, CompiledResource> Workloads, HashSet<(string, string, string)> Identities);

    private Snapshot? snapshot;

    public bool Runs(string node, SpiffeId identity) => Read().Contains((node, identity.Namespace, identity.ServiceAccount));

    private HashSet<(string, string, string)> Read()
    {
        var workloads = source.Current.OfType(TypeUrls.Workload);
        var known = Volatile.Read(ref snapshot);
        if (known is not null && ReferenceEquals(known.Workloads, workloads)) return known.Identities;
        var identities = new HashSet<(string, string, string)>();
        foreach (var resource in workloads.Values)
        {
            var workload = (Workload)resource.Message;
            if (workload.Node.Length > 0) identities.Add((workload.Node, workload.Namespace, workload.ServiceAccount));
        }
        Volatile.Write(ref snapshot, new Snapshot(workloads, identities));
        return identities;
    }
}
