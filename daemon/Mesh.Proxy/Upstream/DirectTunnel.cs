using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Tunnels;

namespace Mesh.Proxy.Upstream;

/// <summary>One TLS connection to a peer, which carries one stream at a time.</summary>
internal sealed class DirectTunnel
{
    private readonly DirectPeer peer;
    private readonly SecureConnection secure;
    private readonly Action<FramedConnection> released;
    private readonly LoopTimer deadline;
    private bool expired;

    public DirectTunnel(DirectPeer peer, TlsContext tls, SecureConnection secure)
    {
        (this.peer, Tls, this.secure) = (peer, tls, secure);
        released = OnReleased;
        deadline = new LoopTimer(secure.Loop.Timers, static self => ((DirectTunnel)self!).Expire(), this);
    }

    public TlsContext Tls { get; }

    /// <summary>Timestamp of the loop's clock.</summary>
    public long IdleSince { get; set; }

    /// <summary>Idle, alive, and its peer still is who it was: a certificate is not trusted longer because its connection is reused.</summary>
    public bool IsUsable(TlsContext wanted, DateTimeOffset now)
    {
        if (Tls != wanted || secure.PeerNotAfter <= now) return false;
        try
        {
            // Bytes between streams, or the end: either way it is over.
            return !secure.Input.TryRead(out _);
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }

    /// <exception cref="ProxyException">The peer refused.</exception>
    /// <exception cref="ConnectionBrokenException">Kind ConnectFailed: no answer in time. Any other: the connection broke before the answer.</exception>
    public async ValueTask<Connection> OpenAsync(UpstreamRequest request)
    {
        var target = request.Target;
        var stream = new FramedConnection(secure, request.Client, target, released);
        deadline.Arm(request.Timeout);
        try
        {
            var answer = await DirectHead.AskAsync(stream, target);
            if (answer.Status == DirectHead.Opened) return stream;
            await DirectHead.EndAsync(stream);
            await stream.DisposeAsync();
            throw new ProxyException(TunnelPool.Refused(request.Endpoint, answer.Status, answer.Reason));
        }
        catch (ConnectionBrokenException)
        {
            await stream.DisposeAsync();
            if (!expired) throw;
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, $"the node of {target} did not answer within {request.Timeout.TotalSeconds:0.###} s");
        }
        finally
        {
            deadline.Cancel();
        }
    }

    public async void Close()
    {
        secure.OnBroken = null;
        try
        {
            await secure.Output.CompleteAsync();
        }
        catch (ConnectionBrokenException)
        {
            // It was closed already.
        }
        await secure.DisposeAsync();
    }

    private void Expire()
    {
        expired = true;
        secure.Abort();
    }

    private void OnReleased(FramedConnection stream)
    {
        if (!stream.IsReusable) return;
        secure.OnBroken = OnBrokenWhileIdle;
        peer.Keep(this);
    }

    private void OnBrokenWhileIdle()
    {
        peer.Remove(this);
        Close();
    }
}
