using Mesh.Http;
using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Io.Tls;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Tunnels;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Inbound;

/// <summary>One connection of a peer that chose the direct tunnel: its streams, one after another. The connection is closed instead of serving another
/// stream when our certificate or roots have changed since, or the peer's certificate has ended; the peer comes back with a new one.</summary>
internal sealed class DirectTunnelServer : IDrainable
{
    private readonly ProxyContext context;
    private readonly LocalWorkloadState local;
    private readonly TlsContext tls;
    private readonly SecureConnection secure;
    private readonly SpiffeId peer;
    private readonly LoopTimer deadline;
    private bool first = true;
    private bool isWaiting;
    private bool draining;

    public DirectTunnelServer(ProxyContext context, LocalWorkloadState local, TlsContext tls, SecureConnection secure, SpiffeId peer)
    {
        (this.context, this.local, this.tls, this.secure, this.peer) = (context, local, tls, secure, peer);
        deadline = new LoopTimer(secure.Loop.Timers, static connection => ((Connection)connection!).Abort(), secure);
    }

    public async Task RunAsync()
    {
        var running = ServeAllAsync();
        using (context.OnLoop(secure.Loop).Drains.Track(this)) await running;
    }

    /// <summary>A stream that is under way is left alone; no other is taken.</summary>
    public void Drain()
    {
        draining = true;
        if (isWaiting) secure.Input.CancelPendingRead();
    }

    private async Task ServeAllAsync()
    {
        try
        {
            bool reusable = true;
            while (reusable && await IsAskedAsync() && await IsStillTrustedAsync()) reusable = await ServeAsync();
            if (reusable) await secure.Output.CompleteAsync();
        }
        finally
        {
            deadline.Cancel();
        }
    }

    /// <returns>False when the peer has closed the connection, or we are to end.</returns>
    private async ValueTask<bool> IsAskedAsync()
    {
        if (draining) return false;
        deadline.Arm(context.Options.TunnelIdleTimeout);
        isWaiting = true;
        var read = await secure.Input.ReadAsync();
        isWaiting = false;
        deadline.Cancel();
        secure.Input.AdvanceTo(read.Buffer.Start);
        return !read.Buffer.IsEmpty || !read.IsCompleted && !read.IsCanceled;
    }

    private async ValueTask<bool> IsStillTrustedAsync()
    {
        try
        {
            return secure.PeerNotAfter > secure.Loop.Time.GetUtcNow() && await context.Identities.GetAsync(local.IdentityIn(peer.TrustDomain)) == tls;
        }
        catch (IdentityUnavailableException)
        {
            return false;
        }
    }

    /// <returns>Whether the connection can take another stream.</returns>
    private async ValueTask<bool> ServeAsync()
    {
        var stream = new FramedConnection(secure, secure.LocalAddress, secure.RemoteAddress);
        await using (stream)
        {
            deadline.Arm(context.Options.HandshakeTimeout);
            var wanted = await DirectHead.ReadOpenAsync(stream);
            deadline.Cancel();
            if (first) secure.OfferResumption();
            first = false;
            var request = new TunnelRequest(local, peer, secure.RemoteAddress, secure.LocalAddress, wanted);
            var admission = await TunnelAdmission.DecideAsync(context, secure.Loop, request);
            if (admission.Application is null) await RefuseAsync(stream, admission);
            else await CarryAsync(stream, admission.Application, admission.Target!);
        }
        return stream.IsReusable;
    }

    private async ValueTask CarryAsync(FramedConnection stream, Connection application, InboundTarget target)
    {
        await using (application)
        {
            await DirectHead.AnswerAsync(stream, TunnelAdmission.Admitted, "");
            await InboundConnection.RunAsync(context, stream, application, target);
        }
    }

    private async ValueTask RefuseAsync(FramedConnection stream, TunnelAdmission admission)
    {
        await DirectHead.AnswerAsync(stream, admission.Status, admission.Reason);
        deadline.Arm(context.Options.HandshakeTimeout);
        await DirectHead.EndAsync(stream);
        deadline.Cancel();
    }
}
