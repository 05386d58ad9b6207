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
    private readonly CertificateFields peer;
    private readonly TicketKeeper? tickets;
    private ConnectionBrokenException? over;
    private bool disposed;

    internal OpenSslConnection(Connection transport, SslSession session, string alpn, in CertificateFields peer, TicketKeeper? tickets)
    {
        (this.transport, this.session, Alpn, this.peer, this.tickets) = (transport, session, alpn, peer, tickets);
        IsResumed = session.IsResumed;
        writer = new OpenSslWriter(this, transport, session);
        reader = new OpenSslReader(this, transport, session, writer);
    }

    public override string Alpn { get; }
    public override bool IsResumed { get; }
    public override string? PeerUri => peer.Uri;
    public override DateTimeOffset PeerNotAfter => peer.NotAfter;
    public override Loop Loop => transport.Loop;
    public override PipeReader Input => reader;
    public override PipeWriter Output => writer;
    public override IpPort LocalAddress => transport.LocalAddress;
    public override IpPort RemoteAddress => transport.RemoteAddress;

    public override bool IsOutputBroken => over is not null || transport.IsOutputBroken;

    public override Action? OnBroken
    {
        get => transport.OnBroken;
        set => transport.OnBroken = value;
    }

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
        transport.OnBroken = null;
        over ??= new ConnectionBrokenException(BreakKind.Aborted, $"TLS session with {RemoteAddress} is closed");
        // After close_notify both ways the transport's own end marker may still be under way: nothing is lost by not waiting for it.
        if (reader.Ended && writer.IsCompleted) transport.Input.Complete();
        reader.Release();
        writer.Release();
        await transport.DisposeAsync();
        session.Dispose();
    }

    /// <summary>A resumed session needs no new ticket: the client may use the one that it has again.</summary>
    public override void OfferResumption()
    {
        if (!IsResumed && over is null) session.IssueTicket();
    }

    /// <summary>Reading has let the session take in a ticket.</summary>
    internal void KeepTicket()
    {
        if (tickets is { } keeper) keeper.Keep(session.TakeTicket(peer.NotAfter));
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
