using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Tunnels;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Upstream;

/// <summary>Direct tunnels of one loop: one TLS connection per upstream connection in use, so none waits for another's bytes; when a stream has
/// ended in order its connection is kept for the next one, and a new one resumes the peer's last session. A peer that chooses HBONE in the
/// handshake is served by that, and asked again later.</summary>
internal sealed class DirectTunnels
{
    private static readonly string[] Protocols = [DirectHead.Alpn, HboneTunnels.Alpn];
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<TunnelKey, DirectPeer> peers = [];
    private readonly ProxyOptions options;
    private readonly Loop loop;
    private readonly TunnelDialer dialer;
    private readonly HboneTunnels hbone;
    private readonly LoopOccupancy occupancy;
    private readonly LoopTimer sweep;

    public DirectTunnels(ProxyOptions options, Loop loop, TunnelDialer dialer, HboneTunnels hbone, LoopOccupancy occupancy)
    {
        (this.options, this.loop, this.dialer, this.hbone, this.occupancy) = (options, loop, dialer, hbone, occupancy);
        sweep = new LoopTimer(loop.Timers, static self => ((DirectTunnels)self!).Sweep(), this);
    }

    public async ValueTask<Connection> OpenAsync(TunnelKey key, LocalWorkloadState source, UpstreamRequest request)
    {
        var peer = PeerOf(key);
        if (peer.SpeaksHboneOnly) return await hbone.OpenAsync(key, source, request);
        var tls = await dialer.IdentityAsync(source, key);
        while (peer.TryTake(tls) is { } kept)
        {
            try
            {
                return await kept.OpenAsync(request);
            }
            catch (ConnectionBrokenException error) when (error.Kind != BreakKind.ConnectFailed)
            {
                // The peer closed it while it was idle. Nothing was carried: another will do.
            }
        }
        var secure = await dialer.DialAsync(tls, key, source, Protocols, request.Timeout, peer.Memory);
        if (secure.Alpn == DirectHead.Alpn) return await new DirectTunnel(peer, tls, secure).OpenAsync(request);
        peer.RememberHbone();
        hbone.Adopt(key, secure);
        return await hbone.OpenAsync(key, source, request);
    }

    public void CloseOf(string uid)
    {
        foreach (var (key, peer) in peers.Where(pair => pair.Key.Source == uid).ToList())
        {
            peers.Remove(key);
            peer.Close();
        }
    }

    private DirectPeer PeerOf(in TunnelKey key)
    {
        if (!peers.TryGetValue(key, out var peer)) peers.Add(key, peer = new DirectPeer(options, loop.Time, occupancy));
        if (!sweep.IsArmed) sweep.Arm(SweepInterval);
        return peer;
    }

    private void Sweep()
    {
        foreach (var (key, peer) in peers.ToList())
        {
            if (peer.Sweep()) peers.Remove(key);
        }
        if (peers.Count > 0) sweep.Arm(SweepInterval);
    }
}
