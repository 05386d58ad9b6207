using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>TLS 1.3 by OpenSSL: AES-GCM, X25519 or P-256, chains verified against the given roots only (never the system's).
/// Sessions are used on their connection's loop; making one is thread-safe. A context that is replaced need not be disposed at once:
/// handshakes may still be about to start with it, and the collector frees what is forgotten.</summary>
public sealed class OpenSslContext : TlsContext
{
    private readonly SslContextHandle? server;
    private readonly SslContextHandle client;
    private readonly ServerName? serverName;

    private OpenSslContext(SslContextHandle? server, SslContextHandle client, ServerName? serverName, DateTimeOffset notAfter) =>
        (this.server, this.client, this.serverName, NotAfter) = (server, client, serverName, notAfter);

    public override DateTimeOffset NotAfter { get; }

    /// <summary>For mutual TLS between workloads.</summary>
    /// <param name="chainDer">Leaf first, then intermediates; without the root.</param>
    /// <param name="pkcs8Key">Unencrypted PKCS#8 DER of the leaf's private key. Copied.</param>
    /// <param name="rootsDer">Self-signed certificates of the authorities to trust.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Something cannot be read, or the key is another certificate's.</exception>
    public static OpenSslContext Create(
        IReadOnlyList<ReadOnlyMemory<byte>> chainDer, ReadOnlySpan<byte> pkcs8Key, IReadOnlyList<ReadOnlyMemory<byte>> rootsDer)
    {
        RequireSome(chainDer, nameof(chainDer));
        var client = ClientHandle(rootsDer);
        var server = SslContextHandle.Server();
        foreach (var root in rootsDer) server.Trust(root);
        client.Present(chainDer, pkcs8Key);
        client.KeepTickets();
        server.Present(chainDer, pkcs8Key);
        server.IssueTickets();
        return new OpenSslContext(server, client, serverName: null, CertificateFields.Parse(chainDer[0]).NotAfter);
    }

    /// <summary>For calling one server that is known by name, as the controller is: its certificate must carry that name.</summary>
    /// <param name="serverName">A DNS name, which is also sent as SNI, or an IP address.</param>
    /// <param name="chainDer">Our certificate; null to present none, as before a node has joined.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">As for <see cref="Create"/>.</exception>
    public static OpenSslContext ForServerName(
        string serverName,
        IReadOnlyList<ReadOnlyMemory<byte>> rootsDer,
        IReadOnlyList<ReadOnlyMemory<byte>>? chainDer = null,
        ReadOnlySpan<byte> pkcs8Key = default)
    {
        var client = ClientHandle(rootsDer);
        if (chainDer is null) return new OpenSslContext(null, client, new ServerName(serverName), DateTimeOffset.MaxValue);
        RequireSome(chainDer, nameof(chainDer));
        client.Present(chainDer, pkcs8Key);
        return new OpenSslContext(null, client, new ServerName(serverName), CertificateFields.Parse(chainDer[0]).NotAfter);
    }

    public override ValueTask<SecureConnection> AcceptAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout)
    {
        if (server is null) throw new InvalidOperationException("a context for a server name only connects");
        var session = SslSession.Accepting(server, AlpnList.Encode(alpn), transport.Loop.Time.GetUtcNow());
        return OpenSslHandshake.RunAsync(transport, session, alpn, timeout);
    }

    public override ValueTask<SecureConnection> ConnectAsync(
        Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, TlsResumption? resumption = null)
    {
        var now = transport.Loop.Time.GetUtcNow();
        var session = SslSession.Connecting(client, AlpnList.Encode(alpn), now, serverName);
        if (resumption is null) return OpenSslHandshake.RunAsync(transport, session, alpn, timeout);
        session.Offer(resumption.TicketFor(this, now));
        return OpenSslHandshake.RunAsync(transport, session, alpn, timeout, new TicketKeeper(this, resumption));
    }

    /// <summary>No more handshakes; sessions live on.</summary>
    public override void Dispose()
    {
        server?.Dispose();
        client.Dispose();
    }

    private static SslContextHandle ClientHandle(IReadOnlyList<ReadOnlyMemory<byte>> rootsDer)
    {
        RequireSome(rootsDer, nameof(rootsDer));
        var handle = SslContextHandle.Client();
        foreach (var root in rootsDer) handle.Trust(root);
        return handle;
    }

    private static void RequireSome(IReadOnlyList<ReadOnlyMemory<byte>> certificates, string name)
    {
        if (certificates.Count == 0) throw new ArgumentException("at least one certificate is needed", name);
    }
}
