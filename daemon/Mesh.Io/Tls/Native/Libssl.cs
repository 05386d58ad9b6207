using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>The functions of OpenSSL 3's libssl that TLS sessions need, and the constants of its headers that have no function.</summary>
internal static unsafe partial class Libssl
{
    private const string Library = "libssl.so.3";

    internal const ulong InitNoAtExit = 0x0008_0000; // the library must outlive loops that still run while the process exits
    internal const int ErrorSsl = 1;
    internal const int ErrorWantRead = 2;
    internal const int ErrorZeroReturn = 6;
    internal const int VerifyPeer = 1;
    internal const int VerifyFailIfNoPeerCertificate = 2;
    internal const int Tls13 = 0x0304;
    internal const ulong OptionCipherServerPreference = 1UL << 22;
    internal const int ModeReleaseBuffers = 0x10;
    internal const int KeyUpdateNotRequested = 0;
    internal const int SentAndReceivedShutdown = 3;
    internal const int SessionCacheClient = 0x0001;
    internal const int SessionCacheNoInternal = 0x0300;

    // Control numbers behind the macros of ssl.h.
    internal const int ControlExtraChainCertificate = 14;
    internal const int ControlMode = 33;
    internal const int ControlSessionCacheMode = 44;
    internal const int ControlMaxCertificateList = 51;
    internal const int ControlServerName = 55;
    internal const int ControlGroupsList = 92;
    internal const int ControlMinProtocol = 123;
    internal const int ControlMaxProtocol = 124;

    [LibraryImport(Library)]
    internal static partial int OPENSSL_init_ssl(ulong options, nint settings);

    [LibraryImport(Library)]
    internal static partial nint TLS_server_method();

    [LibraryImport(Library)]
    internal static partial nint TLS_client_method();

    [LibraryImport(Library)]
    internal static partial nint SSL_CTX_new(nint method);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_free(nint context);

    [LibraryImport(Library)]
    internal static partial nint SSL_CTX_ctrl(SslContextHandle context, int command, nint number, nint pointer);

    [LibraryImport(Library)]
    internal static partial ulong SSL_CTX_set_options(SslContextHandle context, ulong options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SSL_CTX_set_ciphersuites(SslContextHandle context, string suites);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_set_security_level(SslContextHandle context, int level);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_set_num_tickets(SslContextHandle context, nuint count);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_set_verify(SslContextHandle context, int mode, nint callback);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_set_verify_depth(SslContextHandle context, int depth);

    [LibraryImport(Library)]
    internal static partial nint SSL_CTX_get_cert_store(SslContextHandle context);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_use_certificate(SslContextHandle context, nint certificate);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_use_PrivateKey(SslContextHandle context, nint key);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_check_private_key(SslContextHandle context);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_set_alpn_select_cb(
        SslContextHandle context, delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, nint, int> select, nint argument);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_set_client_hello_cb(
        SslContextHandle context, delegate* unmanaged[Cdecl]<nint, int*, nint, int> hello, nint argument);

    [LibraryImport(Library)]
    internal static partial int SSL_client_hello_get0_ext(nint ssl, uint type, byte** value, nuint* length);

    [LibraryImport(Library)]
    internal static partial nint SSL_new(SslContextHandle context);

    [LibraryImport(Library)]
    internal static partial void SSL_free(nint ssl);

    [LibraryImport(Library)]
    internal static partial void SSL_set_bio(nint ssl, nint read, nint write);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nint SSL_get_rbio(nint ssl);

    [LibraryImport(Library)]
    internal static partial void SSL_set_accept_state(nint ssl);

    [LibraryImport(Library)]
    internal static partial void SSL_set_connect_state(nint ssl);

    [LibraryImport(Library)]
    internal static partial nint SSL_ctrl(nint ssl, int command, nint number, byte* pointer);

    [LibraryImport(Library)]
    internal static partial nint SSL_get0_param(nint ssl);

    /// <summary>Unlike its siblings it returns 0 for success.</summary>
    [LibraryImport(Library)]
    internal static partial int SSL_set_alpn_protos(nint ssl, byte* protocols, uint length);

    [LibraryImport(Library)]
    internal static partial void SSL_get0_alpn_selected(nint ssl, byte** protocol, uint* length);

    [LibraryImport(Library)]
    internal static partial int SSL_do_handshake(nint ssl);

    [LibraryImport(Library)]
    internal static partial int SSL_read(nint ssl, byte* destination, int length);

    [LibraryImport(Library)]
    internal static partial int SSL_write(nint ssl, byte* source, int length);

    [LibraryImport(Library)]
    internal static partial int SSL_shutdown(nint ssl);

    [LibraryImport(Library)]
    internal static partial void SSL_set_shutdown(nint ssl, int mode);

    [LibraryImport(Library)]
    internal static partial int SSL_key_update(nint ssl, int type);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int SSL_pending(nint ssl);

    [LibraryImport(Library)]
    internal static partial int SSL_get_error(nint ssl, int result);

    [LibraryImport(Library)]
    internal static partial nint SSL_get_verify_result(nint ssl);

    [LibraryImport(Library)]
    internal static partial nint SSL_get1_peer_certificate(nint ssl);

    [LibraryImport(Library)]
    internal static partial nint SSL_get0_verified_chain(nint ssl);

    [LibraryImport(Library)]
    internal static partial nint SSL_get_session(nint ssl);

    [LibraryImport(Library)]
    internal static partial int SSL_set_session(nint ssl, nint session);

    [LibraryImport(Library)]
    internal static partial nint SSL_SESSION_dup(SslTicket session);

    [LibraryImport(Library)]
    internal static partial int SSL_new_session_ticket(nint ssl);

    [LibraryImport(Library)]
    internal static partial int SSL_session_reused(nint ssl);

    [LibraryImport(Library)]
    internal static partial void SSL_SESSION_free(nint session);

    [LibraryImport(Library)]
    internal static partial int SSL_SESSION_set1_ticket_appdata(nint session, void* data, nuint length);

    [LibraryImport(Library)]
    internal static partial int SSL_SESSION_get0_ticket_appdata(nint session, void** data, nuint* length);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_set_session_id_context(SslContextHandle context, byte* id, uint length);

    [LibraryImport(Library)]
    internal static partial nint SSL_CTX_set_timeout(SslContextHandle context, nint seconds);

    [LibraryImport(Library)]
    internal static partial void SSL_CTX_sess_set_new_cb(SslContextHandle context, delegate* unmanaged[Cdecl]<nint, nint, int> received);

    [LibraryImport(Library)]
    internal static partial int SSL_CTX_set_session_ticket_cb(
        SslContextHandle context,
        delegate* unmanaged[Cdecl]<nint, nint, int> generate,
        delegate* unmanaged[Cdecl]<nint, nint, byte*, nuint, int, nint, int> judge,
        nint argument);
}
