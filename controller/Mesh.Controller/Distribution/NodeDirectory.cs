using Mesh.Io;

namespace Mesh.Controller.Distribution;

/// <summary>The nodes that are or were connected to this controller: at most one discovery stream and one report stream each, and
/// what the registry is told of them. Thread-safe.</summary>
internal sealed class NodeDirectory(IWorkloadRegistry registry, TimeProvider time, DistributionLog log) : IDisposable
{
    /// <summary>Changes of a node's state are merged this long before they are written, because each push changes every node's.</summary>
    public static readonly TimeSpan ReportDelay = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly Dictionary<string, NodeEntry> nodes = new(StringComparer.Ordinal);
    private long rejections;

    public int ConnectedCount
    {
        get
        {
            lock (gate) return nodes.Values.Count(static node => node.IsConnected);
        }
    }

    /// <summary>Resources that nodes refused, over all nodes: mesh_config_rejected_total.</summary>
    public long RejectionCount => Interlocked.Read(ref rejections);

    public void CountRejections(long count) => Interlocked.Add(ref rejections, count);

    public bool IsConnected(string node)
    {
        lock (gate) return nodes.TryGetValue(node, out var entry) && entry.IsConnected;
    }

    public NodeEntry Entry(string node)
    {
        lock (gate)
        {
            if (!nodes.TryGetValue(node, out var entry)) nodes.Add(node, entry = new NodeEntry(node, registry, time, log));
            return entry;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var entry in nodes.Values) entry.Dispose();
        }
    }
}
