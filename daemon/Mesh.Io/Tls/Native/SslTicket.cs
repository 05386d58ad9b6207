using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>A session that a client may offer again. Owns one reference to an SSL_SESSION.</summary>
internal sealed class SslTicket : SafeHandle
{
    internal SslTicket(nint session, DateTimeOffset notAfter) : base(session, ownsHandle: true) => NotAfter = notAfter;

    /// <summary>The first end in the chain that the peer showed.</summary>
    internal DateTimeOffset NotAfter { get; }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Libssl.SSL_SESSION_free(handle);
        return true;
    }
}
