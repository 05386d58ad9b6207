using Mesh.Io.Epoll;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>What a worker loop does and holds, read at the scrape.</summary>
internal static class LoopMetrics
{
    public static void Register(MetricRegistry metrics, EpollLoop loop, LoopOccupancy occupancy)
    {
        var name = new LabelSet(loop.Name);
        metrics.Observe(MeshMetrics.LoopBusy, name, () => loop.Busy.TotalSeconds);
        metrics.Observe(MeshMetrics.BufferBlocks, name, () => loop.Buffers.Outstanding);
        metrics.Observe(MeshMetrics.SocketsOpen, name, () => loop.Counts.Sockets);
        metrics.Observe(MeshMetrics.StreamsActive, name, () => loop.Counts.Streams);
        foreach (var kind in Enum.GetValues<ListenerKind>())
            metrics.Observe(MeshMetrics.DownstreamConnections, new LabelSet(loop.Name, kind.ToString().ToLowerInvariant()), () => occupancy.Downstream(kind));
        foreach (var kind in Enum.GetValues<KeptKind>())
            metrics.Observe(MeshMetrics.UpstreamConnectionsKept, new LabelSet(loop.Name, kind.ToString().ToLowerInvariant()), () => occupancy.Kept(kind));
    }
}
