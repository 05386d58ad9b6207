using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>Says to an operator why a session failed and what to look at.</summary>
internal static class TlsFailure
{
    // X509_V_ERR_ codes of x509_vfy.h.
    private const int VerifyNotYetValid = 9;
    private const int VerifyExpired = 10;
    private const int VerifyInvalidPurpose = 26;
    private const int VerifyHostMismatch = 62;
    private const int VerifyAddressMismatch = 64;

    // SSL_R_ codes of sslerr.h; 1000 + n is alert n received from the peer.
    private const int ReasonUnexpectedRecord = 245;
    private const int ReasonHttpRequest = 156;
    private const int ReasonNoSharedCipher = 193;
    private const int ReasonNoCertificate = 199;
    private const int ReasonNoApplicationProtocol = 235;
    private const int ReasonUnsupportedProtocol = 258;
    private const int ReasonWrongVersion = 267;
    private const int ReasonCallbackFailed = 234; // our own demand for ALPN in the client hello
    private const int AlertBase = 1000;

    internal static ConnectionBrokenException Handshake(IpPort peer, SslError error) => new(BreakKind.Tls, $"TLS handshake with {peer} failed: {Explain(error)}");

    internal static ConnectionBrokenException Handshake(IpPort peer, string reason, int errno = 0) =>
        new(BreakKind.Tls, $"TLS handshake with {peer} failed: {reason}", errno);

    internal static ConnectionBrokenException Session(IpPort peer, SslError error) => new(BreakKind.Tls, $"TLS session with {peer} failed: {Explain(error)}");

    internal static ConnectionBrokenException Truncated(IpPort peer) =>
        new(BreakKind.Tls, $"TLS session with {peer} was cut: the stream ended without close_notify, so data may be missing");

    internal static string Explain(SslError error)
    {
        if (error.VerifyResult != 0) return ExplainVerification(error);
        if (error.Reason is > AlertBase and < AlertBase + 256) return ExplainAlert(error.Reason - AlertBase, error.Text);
        return error.Reason switch
        {
            ReasonNoCertificate => "the peer presented no certificate; it is not part of the mesh or has no identity yet",
            ReasonNoApplicationProtocol or ReasonCallbackFailed => "the peer offers no protocol (ALPN) that is spoken here; check that both ends run compatible versions",
            ReasonUnsupportedProtocol => "the peer does not offer TLS 1.3, the only version allowed here",
            ReasonNoSharedCipher => "the peer offers neither AES-128-GCM nor AES-256-GCM with TLS 1.3",
            ReasonWrongVersion or ReasonHttpRequest or ReasonUnexpectedRecord => $"the peer does not speak TLS here ({error.Text}); check the port and whether the peer is in the mesh",
            _ => error.Text,
        };
    }

    private static string ExplainVerification(SslError error) => error.VerifyResult switch
    {
        VerifyExpired => "the peer's certificate has expired; check its renewal and the clocks of both machines",
        VerifyNotYetValid => "the peer's certificate is not valid yet; check the clocks of both machines",
        VerifyInvalidPurpose => "the peer's certificate is not meant for this role (extended key usage)",
        VerifyHostMismatch or VerifyAddressMismatch => "the peer's certificate is for another name; check the configured address against the certificate's subject alternative names",
        2 or 18 or 19 or 20 or 21 => $"the peer's certificate is from an unknown authority ({error.Text}); check that both ends trust the same roots",
        _ => $"the peer's certificate is not acceptable: {error.Text}",
    };

    // Alert numbers: RFC 8446 6.2.
    private static string ExplainAlert(int alert, string text) => alert switch
    {
        42 or 43 or 46 => $"the peer does not accept our certificate ({text})",
        45 => "the peer says that our certificate has expired; check its renewal and the clocks of both machines",
        48 => "the peer does not know the authority of our certificate; check that both ends trust the same roots",
        70 => "the peer does not offer TLS 1.3, the only version allowed here",
        116 => "the peer demands a certificate and we have none",
        120 => "the peer speaks none of the protocols (ALPN) that we offer; check that both ends run compatible versions",
        _ => $"the peer ended it ({text})",
    };
}
