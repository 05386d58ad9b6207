using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Draining;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Tracing;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy;

/// <summary>What every handler of this daemon shares. Loop-bound parts are reached through <see cref="OnLoop"/>.</summary>
public sealed class ProxyContext
{
    private static readonly TimeSpan drainPoll = TimeSpan.FromMilliseconds(10);

    private readonly LoopLocal[] loopLocals;

    /// <param name="hostSockets">Sockets in the daemon's own namespace: gateways and their upstreams.</param>
    public ProxyContext(
        ProxyOptions options,
        IReadOnlyList<Loop> loops,
        SnapshotHolder snapshots,
        IIdentitySource identities,
        SocketFactory hostSockets,
        ITrafficReporter reporter,
        Random seed)
    {
        (Options, Loops, Snapshots, Identities, HostSockets, Reporter) = (options, loops, snapshots, identities, hostSockets, reporter);
        loopLocals = [.. loops.Select(loop => new LoopLocal(this, loop, new Random(seed.Next()), new BitSource(seed)))];
    }

    public ProxyOptions Options { get; }
    public IReadOnlyList<Loop> Loops { get; }
    public SnapshotHolder Snapshots { get; }
    public IIdentitySource Identities { get; }
    public SocketFactory HostSockets { get; }
    public ITrafficReporter Reporter { get; }
    public LocalWorkloads Locals { get; } = new();

    public LoopOccupancy OccupancyOf(Loop loop) => OnLoop(loop).Occupancy;

    /// <summary>Lets what is under way come to its end and takes nothing new on connections that are open: keep-alive ends, GOAWAY, close frames.</summary>
    /// <returns>Connections that were still open when the bound was over.</returns>
    public async Task<int> DrainAsync(TimeSpan bound, TimeProvider time)
    {
        foreach (var loop in Loops)
        {
            await loop.RunAsync(() =>
            {
                OnLoop(loop).Drains.Begin();
                return Task.CompletedTask;
            });
        }
        long start = time.GetTimestamp();
        int open;
        while ((open = loopLocals.Sum(static local => local.Occupancy.Accepted)) > 0 && time.GetElapsedTime(start) < bound)
            await Task.Delay(drainPoll, time);
        return open;
    }

    internal LoopLocal OnLoop(Loop loop) => loopLocals[loop.Index];
}

/// <summary>One loop's share of the proxy: its pools and its randomness.</summary>
internal sealed class LoopLocal
{
    private const int MaxSpareForwarders = 256;

    private readonly ProxyContext context;
    private readonly Stack<HttpForwarder> forwarders = [];

    public LoopLocal(ProxyContext context, Loop loop, Random random, BitSource bits)
    {
        this.context = context;
        (Loop, Random, Bits) = (loop, random, bits);
        Tunnels = new TunnelPool(context, loop, Occupancy);
        Connector = new UpstreamConnector(context, this);
        Http = new HttpUpstreams(context, this);
        Learned = new LearnedProtocols(loop);
        Parties = new PartiesCache(context.Locals);
    }

    public Loop Loop { get; }
    public LoopOccupancy Occupancy { get; } = new();
    public Random Random { get; }
    public BitSource Bits { get; }
    public TunnelPool Tunnels { get; }
    public UpstreamConnector Connector { get; }
    public HttpUpstreams Http { get; }
    public DrainList Drains { get; } = new();
    public LearnedProtocols Learned { get; }
    public PartiesCache Parties { get; }

    public HttpForwarder LendForwarder(HttpConnectionHandler owner)
    {
        if (!forwarders.TryPop(out var forwarder)) forwarder = new HttpForwarder(this, context.Options.UpgradeIdleTimeout);
        forwarder.Begin(owner);
        return forwarder;
    }

    /// <summary>Of a request that has ended in order; after an exception it is left to the garbage collector.</summary>
    public void TakeBack(HttpForwarder forwarder)
    {
        forwarder.End();
        if (forwarders.Count < MaxSpareForwarders) forwarders.Push(forwarder);
    }
}
