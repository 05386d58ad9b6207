using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>Where the tickets of one session go.</summary>
internal readonly record struct TicketKeeper(TlsContext Context, TlsResumption Memory)
{
    internal void Keep(SslTicket ticket) => Memory.Keep(Context, ticket);
}

/// <summary>What a client remembers of one peer so that the next handshake needs no certificates (RFC 8446 2.2). Used on one loop.
/// A ticket counts only for the context that it was made with, so for one identity of ours, one certificate and one set of roots, and until
/// the first certificate of the peer's chain ends. The caller keeps one memory per identity and address of the peer, and still checks who it is.</summary>
public sealed class TlsResumption : IDisposable
{
    private TlsContext? context;
    private SslTicket? ticket;

    public bool HasTicket => ticket is not null;

    internal SslTicket? TicketFor(TlsContext wanted, DateTimeOffset now)
    {
        if (context != wanted || ticket?.NotAfter <= now) Dispose();
        return ticket;
    }

    /// <summary>The newest is kept: it lives longest.</summary>
    internal void Keep(TlsContext madeWith, SslTicket newest)
    {
        Dispose();
        (context, ticket) = (madeWith, newest);
    }

    /// <summary>Forgets. The next handshake is a full one; the memory may be used again.</summary>
    public void Dispose()
    {
        ticket?.Dispose();
        (context, ticket) = (null, null);
    }
}
