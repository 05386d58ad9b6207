using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>Owns one reference to an SSL_CTX. Sessions hold their own, so they outlive a context that is disposed.</summary>
internal sealed unsafe class SslContextHandle : SafeHandle
{
    private const string Suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"; // 128 first: fewer cycles per byte, no known weakness
    private const string Groups = "X25519:P-256";
    private const int SecurityLevel = 2;                  // 112 bits: refuses RSA below 2048 and SHA-1 signatures whatever openssl.cnf says
    private const int MaxChainDepth = 4;                  // leaf, up to four intermediates, root
    private const int MaxCertificateListBytes = 32 * 1024;  // OpenSSL allows 100 KiB; a leaf and two intermediates take 3 KiB
    private const int TicketSeconds = 3600;               // the authority's verdict is asked again each hour at least
    private const uint AlpnExtension = 16;                // RFC 7301 6
    private const int AlertNoApplicationProtocol = 120;
    private const int SelectOk = 0;
    private const int SelectFatal = 2;

    static SslContextHandle() => Libssl.OPENSSL_init_ssl(Libssl.InitNoAtExit, 0);

    private SslContextHandle(nint method) : base(0, ownsHandle: true)
    {
        nint context = Libssl.SSL_CTX_new(method);
        if (context == 0) throw OpenSslErrors.Configuration("make a TLS context");
        SetHandle(context);
    }

    public override bool IsInvalid => handle == 0;

    internal static SslContextHandle Server()
    {
        var context = new SslContextHandle(Libssl.TLS_server_method());
        context.ConfigureBoth(Libssl.VerifyPeer | Libssl.VerifyFailIfNoPeerCertificate);
        Libssl.SSL_CTX_set_options(context, Libssl.OptionCipherServerPreference);
        Check(Libssl.SSL_CTX_set_num_tickets(context, 0), "issue no session tickets unasked");
        Libssl.SSL_CTX_set_alpn_select_cb(context, &SelectProtocol, 0);
        Libssl.SSL_CTX_set_client_hello_cb(context, &RequireProtocols, 0);
        return context;
    }

    internal static SslContextHandle Client()
    {
        var context = new SslContextHandle(Libssl.TLS_client_method());
        context.ConfigureBoth(Libssl.VerifyPeer);
        return context;
    }

    internal void Trust(ReadOnlyMemory<byte> rootDer)
    {
        nint certificate = ParseCertificate(rootDer.Span, "a trust root");
        int added = Libcrypto.X509_STORE_add_cert(Libssl.SSL_CTX_get_cert_store(this), certificate);
        Libcrypto.X509_free(certificate); // the store took its own reference
        Check(added, "add a trust root");
    }

    /// <param name="chainDer">Leaf first, then intermediates.</param>
    internal void Present(IReadOnlyList<ReadOnlyMemory<byte>> chainDer, ReadOnlySpan<byte> pkcs8Key)
    {
        nint leaf = ParseCertificate(chainDer[0].Span, "the certificate");
        int used = Libssl.SSL_CTX_use_certificate(this, leaf);
        Libcrypto.X509_free(leaf);
        Check(used, "use the certificate");
        for (int i = 1; i < chainDer.Count; i++)
        {
            nint intermediate = ParseCertificate(chainDer[i].Span, $"certificate {i + 1} of the chain");
            // The context takes over the reference.
            Check((int)Libssl.SSL_CTX_ctrl(this, Libssl.ControlExtraChainCertificate, 0, intermediate), "add an intermediate certificate");
        }
        UseKey(pkcs8Key);
    }

    /// <summary>Client: what servers send is offered to <see cref="SslSession.TakeTicket"/>.</summary>
    internal void KeepTickets()
    {
        Libssl.SSL_CTX_ctrl(this, Libssl.ControlSessionCacheMode, Libssl.SessionCacheClient | Libssl.SessionCacheNoInternal, 0);
        Libssl.SSL_CTX_sess_set_new_cb(this, &SessionTickets.Received);
    }

    /// <summary>Server: tickets are taken, and given by <see cref="SslSession.IssueTicket"/>; never by themselves, because a client that
    /// only writes and closes would leave them unread, which resets the connection and loses what it wrote.</summary>
    internal void IssueTickets()
    {
        Check(Libssl.SSL_CTX_set_session_ticket_cb(this, &SessionTickets.Generate, &SessionTickets.Judge, 0), "set the session ticket callbacks");
        Libssl.SSL_CTX_set_timeout(this, TicketSeconds);
        // Demanded of servers that verify clients. The ticket keys are this context's own, so the name need not tell contexts apart.
        fixed (byte* name = "mesh"u8)
        {
            Check(Libssl.SSL_CTX_set_session_id_context(this, name, 4), "name the session context");
        }
    }

    protected override bool ReleaseHandle()
    {
        Libssl.SSL_CTX_free(handle);
        return true;
    }

    private void ConfigureBoth(int verifyMode)
    {
        Check((int)Libssl.SSL_CTX_ctrl(this, Libssl.ControlMinProtocol, Libssl.Tls13, 0), "demand TLS 1.3");
        Check((int)Libssl.SSL_CTX_ctrl(this, Libssl.ControlMaxProtocol, Libssl.Tls13, 0), "demand TLS 1.3");
        Check(Libssl.SSL_CTX_set_ciphersuites(this, Suites), "set the cipher suites");
        fixed (byte* groups = "X25519:P-256\0"u8)
        {
            Check((int)Libssl.SSL_CTX_ctrl(this, Libssl.ControlGroupsList, 0, (nint)groups), "set the key exchange groups " + Groups);
        }
        Libssl.SSL_CTX_set_security_level(this, SecurityLevel);
        Libssl.SSL_CTX_set_verify(this, verifyMode, 0);
        Libssl.SSL_CTX_set_verify_depth(this, MaxChainDepth);
        Libssl.SSL_CTX_ctrl(this, Libssl.ControlMaxCertificateList, MaxCertificateListBytes, 0);
        Libssl.SSL_CTX_ctrl(this, Libssl.ControlSessionCacheMode, 0, 0);
        Libssl.SSL_CTX_ctrl(this, Libssl.ControlMode, Libssl.ModeReleaseBuffers, 0);
    }

    private void UseKey(ReadOnlySpan<byte> pkcs8Key)
    {
        nint key;
        fixed (byte* start = pkcs8Key)
        {
            byte* cursor = start;
            key = Libcrypto.d2i_AutoPrivateKey(0, &cursor, pkcs8Key.Length);
        }
        if (key == 0) throw OpenSslErrors.Configuration("read the private key (unencrypted PKCS#8 is expected)");
        int used = Libssl.SSL_CTX_use_PrivateKey(this, key);
        Libcrypto.EVP_PKEY_free(key);
        Check(used, "use the private key");
        Check(Libssl.SSL_CTX_check_private_key(this), "match the private key with the certificate");
    }

    private static nint ParseCertificate(ReadOnlySpan<byte> der, string what)
    {
        fixed (byte* start = der)
        {
            byte* cursor = start;
            nint certificate = Libcrypto.d2i_X509(0, &cursor, der.Length);
            if (certificate == 0 || cursor != start + der.Length) throw OpenSslErrors.Configuration($"read {what} (one DER certificate is expected)");
            return certificate;
        }
    }

    private static void Check(int result, string action)
    {
        if (result <= 0) throw OpenSslErrors.Configuration(action);
    }

    /// <summary>The selection callback is not called for a client that offers no protocol at all; without this it would be let in.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int RequireProtocols(nint ssl, int* alert, nint argument)
    {
        var state = (BioState*)Libcrypto.BIO_get_data(Libssl.SSL_get_rbio(ssl));
        byte* value;
        nuint length;
        if (state->AlpnLength == 0 || Libssl.SSL_client_hello_get0_ext(ssl, AlpnExtension, &value, &length) == 1) return 1;
        *alert = AlertNoApplicationProtocol;
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SelectProtocol(nint ssl, byte** selected, byte* selectedLength, byte* offered, uint offeredLength, nint argument)
    {
        var state = (BioState*)Libcrypto.BIO_get_data(Libssl.SSL_get_rbio(ssl));
        var acceptable = new ReadOnlySpan<byte>(state->Alpn, state->AlpnLength);
        var offers = new ReadOnlySpan<byte>(offered, (int)offeredLength);
        int index = AlpnList.Select(acceptable, offers, out byte length);
        if (index < 0) return SelectFatal;
        *selected = offered + index;
        *selectedLength = length;
        return SelectOk;
    }
}
