using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Tunnels;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Inbound;

/// <summary>Tunnels from other nodes: mTLS with the identity of the workload whose namespace the connection came to, then the direct tunnel with
/// nodes of ours, or HBONE: HTTP/2, one CONNECT per stream.</summary>
internal sealed class TunnelAcceptor(ProxyContext context)
{
    private static readonly string[] Protocols = [DirectHead.Alpn, HboneTunnels.Alpn];

    public void Accept(LocalWorkloadState local, Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Tunnel, local, connection, this, static (self, local, accepted) => self.Handle(local!, accepted));

    private async ValueTask Handle(LocalWorkloadState local, Connection transport)
    {
        TlsContext tls;
        SecureConnection secure;
        try
        {
            tls = await context.Identities.GetAsync(local.IdentityIn(context.Snapshots.Current.TrustDomain));
            secure = await tls.AcceptAsync(transport, Protocols, context.Options.HandshakeTimeout);
        }
        catch (IdentityUnavailableException error)
        {
            Refuse(local, transport, ResponseFlag.ID, error.Message);
            return;
        }
        catch (ConnectionBrokenException error)
        {
            Refuse(local, transport, ResponseFlag.TLS, error.Message);
            return;
        }
        await using (secure) await Serve(local, transport, tls, secure);
    }

    private async Task Serve(LocalWorkloadState local, Connection transport, TlsContext tls, SecureConnection secure)
    {
        var peer = secure.PeerIdentity;
        string ours = context.Snapshots.Current.TrustDomain;
        if (peer is null || peer.TrustDomain != ours)
        {
            Refuse(local, transport, ResponseFlag.TLS, $"the peer is {secure.PeerUri ?? "without identity"}, not a workload of {ours}");
            return;
        }
        if (secure.Alpn == DirectHead.Alpn)
        {
            await new DirectTunnelServer(context, local, tls, secure, peer).RunAsync();
            return;
        }
        var http2 = Http2Connection.Server(secure, Http2Settings.Server);
        var running = http2.RunAsync();
        using var tracked = context.OnLoop(transport.Loop).Drains.Track(http2);
        while (await http2.AcceptAsync() is { } stream) HandleStream(local, transport, peer, stream);
        await running;
    }

    private async void HandleStream(LocalWorkloadState local, Connection transport, SpiffeId peer, Http2Stream stream)
    {
        try
        {
            await new HboneStream(context, transport.Loop, local, transport.RemoteAddress, transport.LocalAddress, peer, stream).RunAsync();
        }
        catch (ConnectionBrokenException)
        {
            // The tunnel or its stream ended; reported where it was carried.
        }
    }

    private void Refuse(LocalWorkloadState local, Connection transport, ResponseFlag flag, string reason)
    {
        var failure = new Failure(flag, FailureSide.Client, FailureStage.Connect, reason);
        context.Reporter.ConnectionRefused(transport.Loop.Index, context.Snapshots.Current.TelemetryOfWorkload(local.Uid), local, transport.RemoteAddress, transport.LocalAddress, failure);
        transport.Abort();
    }
}
