using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Mesh.Io.Tls.Native;

/// <summary>Why a session ended, as OpenSSL has it.</summary>
/// <param name="Reason">Reason code of the first error in the queue; 1000 + n is alert n from the peer; 0 for none.</param>
/// <param name="VerifyResult">X509_V_ code of chain verification; 0 is success or not reached.</param>
/// <param name="Text">OpenSSL's own words.</param>
internal readonly record struct SslError(int Reason, int VerifyResult, string Text);

internal static unsafe class OpenSslErrors
{
    private const int ReasonMask = 0x7F_FFFF; // ERR_GET_REASON of OpenSSL 3
    private const int SystemErrorFlag = unchecked((int)0x8000_0000);

    /// <summary>Reads and clears this thread's error queue after a failed call on the session.</summary>
    internal static SslError Take(nint ssl)
    {
        nuint error = Libcrypto.ERR_peek_error();
        int verify = (int)Libssl.SSL_get_verify_result(ssl);
        string text = verify != 0 ? Text(Libcrypto.X509_verify_cert_error_string(verify)) : Describe(error);
        Libcrypto.ERR_clear_error();
        return new SslError(ReasonOf(error), verify, text);
    }

    internal static CryptographicException Configuration(string action)
    {
        string reason = Describe(Libcrypto.ERR_peek_error());
        Libcrypto.ERR_clear_error();
        return new CryptographicException($"OpenSSL could not {action}: {reason}");
    }

    private static int ReasonOf(nuint error) => ((int)error & SystemErrorFlag) != 0 ? 0 : (int)error & ReasonMask;

    private static string Describe(nuint error) => error == 0 ? "no reason given" : Text(Libcrypto.ERR_reason_error_string(error));

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "unknown reason";
}
