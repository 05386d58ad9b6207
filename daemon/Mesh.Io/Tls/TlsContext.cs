namespace Mesh.Io.Tls;

/// <summary>One identity's certificate, key and trust roots, ready for handshakes in both roles. Immutable; a renewed certificate
/// is a new context, and sessions made with the old one live on. Implemented by OpenSSL and, in simulations, by a stand-in.</summary>
public abstract class TlsContext : IDisposable
{
    /// <summary>Mutual TLS 1.3 as server: a client certificate that chains to the roots is demanded.</summary>
    /// <param name="alpn">Acceptable protocols, best first, e.g. "h2". No overlap fails the handshake.</param>
    /// <exception cref="ConnectionBrokenException">Kind Tls: the handshake failed or took longer than the timeout. The transport is disposed.</exception>
    public abstract ValueTask<SecureConnection> AcceptAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout);

    /// <summary>Mutual TLS 1.3 as client, without SNI. The caller checks <see cref="SecureConnection.PeerUri"/> against who it meant to reach.</summary>
    /// <param name="resumption">What is remembered of this very peer, and where to remember what it sends; null for a full handshake.</param>
    /// <exception cref="ConnectionBrokenException">As for <see cref="AcceptAsync"/>.</exception>
    public abstract ValueTask<SecureConnection> ConnectAsync(
        Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, TlsResumption? resumption = null);

    public abstract DateTimeOffset NotAfter { get; }

    public abstract void Dispose();
}

/// <summary>A connection whose peer proved its identity.</summary>
public abstract class SecureConnection : Connection
{
    /// <summary>The one URI subject alternative name of the peer's certificate; null if it has none or several.</summary>
    public abstract string? PeerUri { get; }

    /// <summary>The peer's workload identity; null when <see cref="PeerUri"/> is not one.</summary>
    public SpiffeId? PeerIdentity => PeerUri is { } uri && SpiffeId.TryParse(uri, out var id) ? id : null;

    public abstract string Alpn { get; }

    /// <summary>When the certificate by which the peer proved its identity ends. With a resumed session that of the first handshake.</summary>
    public abstract DateTimeOffset PeerNotAfter { get; }

    /// <summary>Keys came from an earlier session with this peer, not from certificates shown again.</summary>
    public abstract bool IsResumed { get; }

    /// <summary>Server: lets the client resume this session. What is written next carries the ticket along, so it must be a client that reads.</summary>
    public virtual void OfferResumption()
    {
    }
}
