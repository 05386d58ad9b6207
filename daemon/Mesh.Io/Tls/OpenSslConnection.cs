using System.IO.Pipelines;
using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>An established session over a transport that it owns. Reader and writer share the session; both run on the transport's loop.</summary>
internal sealed class OpenSslConnection : SecureConnection
{
    private readonly Connection transport;
    private readonly SslSession session;
    private readonly OpenSslReader reader;
    private readonly OpenSslWriter writer;
    private ConnectionBrokenException? over;
    private bool disposed;

    internal OpenSslConnection(Connection transport, SslSession session, string alpn, string? peerUri)
    {
        (this.transport, this.session, Alpn, PeerUri) = (transport, session, alpn, peerUri);
        writer = new OpenSslWriter(this, transport, session);
        reader = new OpenSslReader(this, transport, session, writer);
    }

    public override string Alpn { get; }
    public override string? PeerUri { get; }
    public override Loop Loop => transport.Loop;
    public override PipeReader Input => reader;
    public override PipeWriter Output => writer;
    public override IpPort LocalAddress => transport.LocalAddress;
    public override IpPort RemoteAddress => transport.RemoteAddress;

    internal bool IsOver => over is not null;

    internal SslSession Session => session;

    public override bool TryGetOriginalDestination(out IpPort destination) => transport.TryGetOriginalDestination(out destination);

    public override void Abort()
    {
        if (disposed) return;
        over ??= new ConnectionBrokenException(BreakKind.Aborted, $"TLS session with {RemoteAddress} was aborted here");
        transport.Abort();
    }

    public override async ValueTask DisposeAsync()
    {
        if (disposed) return;
        disposed = true;
        over ??= new ConnectionBrokenException(BreakKind.Aborted, $"TLS session with {RemoteAddress} is closed");
        // After close_notify both ways the transport's own end marker may still be under way: nothing is lost by not waiting for it.
        if (reader.Ended && writer.IsCompleted) transport.Input.Complete();
        reader.Release();
        writer.Release();
        await transport.DisposeAsync();
        session.Dispose();
    }

    internal void ThrowIfOver()
    {
        if (over is not null) throw over;
    }

    /// <summary>Ends both directions for a reason found in the session itself.</summary>
    internal ConnectionBrokenException Fail(ConnectionBrokenException reason)
    {
        if (over is not null) return over;
        over = reason;
        transport.Abort();
        return reason;
    }
}
