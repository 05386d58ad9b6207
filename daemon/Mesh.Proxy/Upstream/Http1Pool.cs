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

/// <summary>Idle HTTP/1.1 upstream connections of one loop. The most recently used is taken first, so that surplus ones grow old and are closed. As many
/// are kept as a busy endpoint needs at once; of those that a peak left behind, half are closed every few seconds.</summary>
internal sealed class Http1Pool
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<PoolKey, Shelf> idle = [];
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

    private sealed class Shelf
    {
        public List<Idle> Connections { get; } = [];

        /// <summary>The least that lay here since the last sweep: those were not needed.</summary>
        public int Unneeded { get; set; }
    }

    public int Count => occupancy.Kept(KeptKind.Http1);

    public Http1ClientConnection? TryTake(in PoolKey key)
    {
        if (!idle.TryGetValue(key, out var shelf)) return null;
        var list = shelf.Connections;
        while (list.Count > 0)
        {
            var connection = list[^1].Connection;
            list.RemoveAt(list.Count - 1);
            shelf.Unneeded = Math.Min(shelf.Unneeded, list.Count);
            occupancy.Add(KeptKind.Http1, -1);
            if (connection.IsStillIdle()) return connection;
            Discard(connection);
        }
        return null;
    }

    public void Return(in PoolKey key, Http1ClientConnection connection)
    {
        if (!idle.TryGetValue(key, out var shelf)) idle.Add(key, shelf = new Shelf());
        var list = shelf.Connections;
        if (list.Count >= options.MaxIdlePerEndpoint)
        {
            Discard(connection);
            return;
        }
        connection.Rest();
        list.Add(new Idle(connection, loop.Time.GetTimestamp()));
        occupancy.Add(KeptKind.Http1, 1);
        if (!sweep.IsArmed) sweep.Arm(SweepInterval);
    }

    /// <summary>Closes every idle connection that the workload is a party of: it has left this machine.</summary>
    public void CloseOf(string uid)
    {
        foreach (var (key, shelf) in idle.Where(pair => pair.Key.Source == uid || pair.Key.EndpointUid == uid).ToList())
        {
            foreach (var entry in shelf.Connections) Discard(entry.Connection);
            occupancy.Add(KeptKind.Http1, -shelf.Connections.Count);
            idle.Remove(key);
        }
    }

    private void Sweep()
    {
        foreach (var (key, shelf) in idle.ToList())
        {
            var list = shelf.Connections;
            int closed = list.RemoveAll(IsOver) + Trim(shelf);
            occupancy.Add(KeptKind.Http1, -closed);
            shelf.Unneeded = list.Count;
            if (list.Count == 0) idle.Remove(key);
        }
        if (Count > 0) sweep.Arm(SweepInterval);
    }

    /// <returns>How many were closed: of the oldest, those beyond what is always kept.</returns>
    private int Trim(Shelf shelf)
    {
        int surplus = Math.Min(shelf.Unneeded, shelf.Connections.Count) - options.AlwaysIdlePerEndpoint;
        if (surplus <= 0) return 0;
        int closed = (surplus + 1) / 2;
        foreach (var entry in shelf.Connections.Take(closed)) Discard(entry.Connection);
        shelf.Connections.RemoveRange(0, closed);
        return closed;
    }

    private bool IsOver(Idle entry)
    {
        bool keep = loop.Time.GetElapsedTime(entry.Since) < options.UpstreamIdleTimeout && entry.Connection.IsStillIdle();
        if (!keep) Discard(entry.Connection);
        return !keep;
    }

    private static async void Discard(Http1ClientConnection connection) => await connection.DisposeAsync();
}
