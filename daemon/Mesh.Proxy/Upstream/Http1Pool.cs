using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Upstream;

/// <summary>Which connections may be shared: those of one source workload to one port of one endpoint for one client address, and where a PROXY header
/// tells who the client is, for one client connection. Never across workloads, because the connection proves the source's identity and shows its
/// address.</summary>
internal readonly record struct PoolKey(string Source, string EndpointUid, IpPort Target, IpPort Client)
{
    /// <param name="source">Null for a gateway, whose upstreams see the gateway's address whoever the client is, unless a PROXY header tells them.</param>
    public static PoolKey Of(LocalWorkloadState? source, ServicePortModel service, EndpointModel endpoint, IpPort client)
    {
        var shown = service.Traffic.SendsProxyHeader ? client : source is null ? default : new IpPort(client.Address, 0);
        return new PoolKey(source?.Uid ?? "", endpoint.Workload.Uid, endpoint.Target, shown);
    }

    /// <summary>Addresses tell nearly all keys apart; hashing the names too would cost more than the comparison that follows.</summary>
    public override int GetHashCode() => HashCode.Combine(Target, Client);
}

/// <summary>Idle HTTP/1.1 upstream connections of one loop. The most recently used is taken first, so that surplus ones grow old and are closed.</summary>
internal sealed class Http1Pool
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<PoolKey, List<Idle>> idle = [];
    private readonly ProxyOptions options;
    private readonly Loop loop;
    private readonly LoopOccupancy occupancy;
    private readonly LoopTimer sweep;

    public Http1Pool(ProxyOptions options, Loop loop, LoopOccupancy occupancy)
    {
        (this.options, this.loop, this.occupancy) = (options, loop, occupancy);
        sweep = new LoopTimer(loop.Timers, static self => ((Http1Pool)self!).Sweep(), this);
    }

    private readonly record struct Idle(Http1ClientConnection Connection, long Since);

    public int Count => occupancy.Kept(KeptKind.Http1);

    public Http1ClientConnection? TryTake(in PoolKey key)
    {
        if (!idle.TryGetValue(key, out var list)) return null;
        while (list.Count > 0)
        {
            var connection = list[^1].Connection;
            list.RemoveAt(list.Count - 1);
            occupancy.Add(KeptKind.Http1, -1);
            if (connection.IsStillIdle()) return connection;
            Discard(connection);
        }
        return null;
    }

    public void Return(in PoolKey key, Http1ClientConnection connection)
    {
        if (!idle.TryGetValue(key, out var list)) idle.Add(key, list = []);
        if (list.Count >= options.MaxIdlePerEndpoint)
        {
            Discard(connection);
            return;
        }
        list.Add(new Idle(connection, loop.Time.GetTimestamp()));
        occupancy.Add(KeptKind.Http1, 1);
        if (!sweep.IsArmed) sweep.Arm(SweepInterval);
    }

    /// <summary>Closes every idle connection that the workload is a party of: it has left this machine.</summary>
    public void CloseOf(string uid)
    {
        foreach (var (key, list) in idle.Where(pair => pair.Key.Source == uid || pair.Key.EndpointUid == uid).ToList())
        {
            foreach (var entry in list) Discard(entry.Connection);
            occupancy.Add(KeptKind.Http1, -list.Count);
            idle.Remove(key);
        }
    }

    private void Sweep()
    {
        foreach (var (key, list) in idle.ToList())
        {
            occupancy.Add(KeptKind.Http1, -list.RemoveAll(IsOver));
            if (list.Count == 0) idle.Remove(key);
        }
        if (Count > 0) sweep.Arm(SweepInterval);
    }

    private bool IsOver(Idle entry)
    {
        bool keep = loop.Time.GetElapsedTime(entry.Since) < options.UpstreamIdleTimeout && entry.Connection.IsStillIdle();
        if (!keep) Discard(entry.Connection);
        return !keep;
    }

    private static async void Discard(Http1ClientConnection connection) => await connection.DisposeAsync();
}
