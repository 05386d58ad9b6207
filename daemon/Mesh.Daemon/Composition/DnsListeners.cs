using Mesh.Io;
using Mesh.Proxy;
using Mesh.Proxy.Dns;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>A resolver in every workload's namespace that wants one, on the loop that has the fewest.</summary>
internal sealed class DnsListeners(ProxyContext context, MetricRegistry metrics, ResolverFollower resolvers) : IWorkloadListeners
{
    private const int DnsPort = 53;
    private int next;

    public IEnumerable<IDisposable> Open(LocalWorkloadState workload)
    {
        if (!workload.Description.CapturesDns) return [];
        var options = new DnsOptions
        {
            Listen = [new(Ip.LoopbackV4, context.Options.DnsPort), new(Ip.LoopbackV6, context.Options.DnsPort)],
            Resolvers = EndPoints(workload.Description.Resolvers),
            SearchDomains = workload.Description.SearchDomains,
            VirtualRanges = context.Options.VirtualRanges,
            Mark = context.Options.Mark,
        };
        var loop = context.Loops[(int)((uint)Interlocked.Increment(ref next) % context.Loops.Count)];
        var shown = new DnsMetrics(metrics.Shard(loop.Index), workload.Description.Name, workload.Description.Namespace);
        var server = DnsServer.Start(options, workload.Sockets, loop, context.Snapshots, shown, new SecureRandom());
        return [server, resolvers.Follow(workload.Description, (servers, domains) => server.Use(EndPoints(servers), domains))];
    }

    private static IReadOnlyList<IpPort> EndPoints(IReadOnlyList<Ip> servers) => [.. servers.Select(static address => new IpPort(address, DnsPort))];
}
