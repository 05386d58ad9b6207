using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Upstream;

/// <summary>TLS connections from a workload's identity to another node, whose identity is checked.</summary>
internal sealed class TunnelDialer(ProxyContext context, Loop loop)
{
    /// <exception cref="ProxyException">There is no certificate.</exception>
    public async ValueTask<TlsContext> IdentityAsync(LocalWorkloadState source, TunnelKey key)
    {
        try
        {
            return await context.Identities.GetAsync(source.IdentityIn(key.Identity.TrustDomain));
        }
        catch (IdentityUnavailableException error)
        {
            throw new ProxyException(new Failure(ResponseFlag.ID, FailureSide.Mesh, FailureStage.Connect, error.Message), error);
        }
    }

    /// <exception cref="ConnectionBrokenException">Not reached, or not who it should be.</exception>
    public async ValueTask<SecureConnection> DialAsync(
        TlsContext tls, TunnelKey key, LocalWorkloadState source, string[] protocols, TimeSpan timeout, TlsResumption? resumption = null)
    {
        var remote = new IpPort(key.Destination, key.Port);
        var transport = await SocketsFor(source, key.Destination, out int mark).ConnectAsync(loop, remote, new ConnectOptions(timeout, Mark: mark));
        var secure = await tls.ConnectAsync(transport, protocols, context.Options.HandshakeTimeout, resumption);
        if (secure.PeerIdentity == key.Identity) return secure;
        resumption?.Dispose();
        string peer = secure.PeerUri ?? "a peer without identity";
        await secure.DisposeAsync();
        throw new ConnectionBrokenException(BreakKind.Tls, $"{remote} is {peer}, not {key.Identity}");
    }

    /// <summary>The workload's own, so that its network sees where the tunnel comes from; the machine's where the workload has no address of that family. Who it is says
    /// the certificate in either case.</summary>
    private SocketFactory SocketsFor(LocalWorkloadState source, Ip destination, out int mark)
    {
        bool isOwn = source.Speaks(destination.IsV4);
        mark = isOwn ? context.Options.Mark : 0;
        return isOwn ? source.Sockets : context.HostSockets;
    }
}
