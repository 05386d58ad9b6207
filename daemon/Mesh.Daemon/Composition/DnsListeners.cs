using Mesh.Io;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Dns;
using Mesh.Proxy.Workloads;

namespace Mesh.Daemon.Composition;

/// <summary>A resolver in every workload's namespace that wants one, on the loop that has the fewest.</summary>
internal sealed class DnsListeners(ProxyContext context, Random random) : IWorkloadListeners
{
    private const int DnsPort = 53;
    private int next;

    public IEnumerable<IDisposable> Open(LocalWorkloadState workload)
    {
        if (!workload.Description.CapturesDns) return [];
        var options = new DnsOptions
        {
            Listen = [new(Ip.LoopbackV4, context.Options.DnsPort), new(Ip.LoopbackV6, context.Options.DnsPort)],
            Resolvers = [.. workload.Description.Resolvers.Select(static address => new IpPort(address, DnsPort))],
            Mark = context.Options.Mark,
        };
        var loop = context.Loops[(int)((uint)Interlocked.Increment(ref next) % context.Loops.Count)];
        int seed;
        lock (random) seed = random.Next();
        return [DnsServer.Start(options, workload.Sockets, loop, new SnapshotNames(context.Snapshots), new Random(seed))];
    }

    private sealed class SnapshotNames(SnapshotHolder snapshots) : INameResolver
    {
        public bool TryResolve(string name, out NameAnswer answer)
        {
            answer = default;
            if (!snapshots.Current.ServicesByHost.TryGetValue(name, out var service)) return false;
            answer = new NameAnswer(First(service, v4: true), First(service, v4: false));
            return true;
        }

        private static Ip? First(ServiceModel service, bool v4)
        {
            foreach (var address in service.Addresses)
            {
                if (address.IsV4 == v4) return address;
            }
            return null;
        }
    }
}
