using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>Session tickets (RFC 8446 4.6.1). A server's are sealed with keys that its SSL_CTX drew and that leave it never, so a renewed
/// certificate or changed roots, which are a new SSL_CTX, make them worthless; in each is the first end of the chain that the client showed, after which
/// a full handshake is demanded. A ticket may be used more than once: our own nodes hide nothing from each other by changing it, nothing is sent
/// before the handshake is done (no early data), and each use makes fresh keys by ECDHE.</summary>
internal static unsafe class SessionTickets
{
    private const int ReturnIgnoreRenew = 2;
    private const int ReturnUse = 3;
    private const int StatusSuccess = 5;
    private const int StatusSuccessRenew = 6;

    /// <summary>Server: writes into the ticket until when it is good. 0 issues none.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Generate(nint ssl, nint argument)
    {
        long notAfter = FirstEnd(ssl);
        if (notAfter == 0) return 0;
        long stored = BinaryPrimitives.ReverseEndianness(notAfter);
        return Libssl.SSL_SESSION_set1_ticket_appdata(Libssl.SSL_get_session(ssl), &stored, sizeof(long));
    }

    /// <summary>Server: takes a ticket that it could open unless a certificate behind it has ended.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Judge(nint ssl, nint session, byte* keyName, nuint keyNameLength, int status, nint argument)
    {
        if (status is not (StatusSuccess or StatusSuccessRenew)) return ReturnIgnoreRenew;
        void* data;
        nuint length;
        if (Libssl.SSL_SESSION_get0_ticket_appdata(session, &data, &length) != 1 || length != sizeof(long)) return ReturnIgnoreRenew;
        long notAfter = BinaryPrimitives.ReadInt64BigEndian(new ReadOnlySpan<byte>(data, sizeof(long)));
        var state = (BioState*)Libcrypto.BIO_get_data(Libssl.SSL_get_rbio(ssl));
        return state->NowUnixSeconds < notAfter ? ReturnUse : ReturnIgnoreRenew;
    }

    /// <summary>Client: keeps the session in the BIO's state until the reader takes it. Returns 1 when the reference was taken over.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Received(nint ssl, nint session)
    {
        var state = (BioState*)Libcrypto.BIO_get_data(Libssl.SSL_get_rbio(ssl));
        if (!state->KeepTickets) return 0;
        if (state->Ticket != 0) Libssl.SSL_SESSION_free(state->Ticket);
        state->Ticket = session;
        return 1;
    }

    /// <returns>The earliest notAfter of the chain that the peer proved itself with, Unix seconds; 0 when there is no such chain, as in a resumed session.</returns>
    internal static long FirstEnd(nint ssl)
    {
        nint chain = Libssl.SSL_get0_verified_chain(ssl);
        int count = chain == 0 ? 0 : Libcrypto.OPENSSL_sk_num(chain);
        long first = 0;
        for (int i = 0; i < count; i++)
        {
            long end = UnixSeconds(Libcrypto.X509_get0_notAfter(Libcrypto.OPENSSL_sk_value(chain, i)));
            if (i == 0 || end < first) first = end;
        }
        return first;
    }

    private static long UnixSeconds(nint time)
    {
        BrokenDownTime t;
        if (Libcrypto.ASN1_TIME_to_tm(time, &t) != 1) return 0;
        return new DateTimeOffset(t.Year + 1900, t.Month + 1, t.Day, t.Hour, t.Minute, Math.Min(t.Second, 59), TimeSpan.Zero).ToUnixTimeSeconds();
    }
}

/// <summary>struct tm of time.h, as glibc has it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 56)]
internal struct BrokenDownTime
{
    internal int Second, Minute, Hour, Day, Month, Year;
}
