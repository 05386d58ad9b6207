using Mesh.Io.Tls;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Upstream;

/// <summary>What is kept for one destination of one source workload: idle connections, the most recently used first, and the ticket that makes
/// the next handshake short.</summary>
internal sealed class DirectPeer(ProxyOptions options, TimeProvider time, LoopOccupancy occupancy)
{
    /// <summary>How long a peer that chose HBONE is taken at its word: its node may be upgraded.</summary>
    private static readonly TimeSpan HboneMemory = TimeSpan.FromMinutes(5);

    /// <summary>A ticket of 2 KiB is not kept for destinations that are hardly ever used.</summary>
    private static readonly TimeSpan TicketMemory = TimeSpan.FromMinutes(10);

    private readonly List<DirectTunnel> idle = [];
    private long lastUsed = time.GetTimestamp();
    private long? choseHbone;
    private bool closed;

    public TlsResumption Memory { get; } = new();

    public bool SpeaksHboneOnly => choseHbone is { } since && time.GetElapsedTime(since) < HboneMemory;

    public void RememberHbone() => choseHbone = time.GetTimestamp();

    /// <param name="tls">In force now: a connection made with an earlier certificate or earlier roots is closed.</param>
    public DirectTunnel? TryTake(TlsContext tls)
    {
        lastUsed = time.GetTimestamp();
        while (idle.Count > 0)
        {
            var tunnel = idle[^1];
            Remove(tunnel);
            if (tunnel.IsUsable(tls, time.GetUtcNow())) return tunnel;
            tunnel.Close();
        }
        return null;
    }

    public void Keep(DirectTunnel tunnel)
    {
        if (closed || idle.Count >= options.MaxIdleTunnels)
        {
            tunnel.Close();
            return;
        }
        tunnel.IdleSince = time.GetTimestamp();
        idle.Add(tunnel);
        occupancy.Add(KeptKind.Direct, 1);
    }

    public void Remove(DirectTunnel tunnel)
    {
        int place = idle.LastIndexOf(tunnel);
        if (place >= 0) RemoveAt(place);
    }

    /// <returns>True when there is nothing left to remember.</returns>
    public bool Sweep()
    {
        for (int i = idle.Count - 1; i >= 0; i--)
        {
            var tunnel = idle[i];
            if (time.GetElapsedTime(tunnel.IdleSince) < options.UpstreamIdleTimeout && tunnel.IsUsable(tunnel.Tls, time.GetUtcNow())) continue;
            RemoveAt(i);
            tunnel.Close();
        }
        if (idle.Count > 0 || time.GetElapsedTime(lastUsed) < TicketMemory) return false;
        Memory.Dispose();
        return true;
    }

    public void Close()
    {
        closed = true;
        foreach (var tunnel in idle.ToArray())
        {
            Remove(tunnel);
            tunnel.Close();
        }
        Memory.Dispose();
    }

    private void RemoveAt(int place)
    {
        idle.RemoveAt(place);
        occupancy.Add(KeptKind.Direct, -1);
    }
}
