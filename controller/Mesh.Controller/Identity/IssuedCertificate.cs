using System.Security.Cryptography.X509Certificates;

namespace Mesh.Controller.Identity;

/// <summary>A certificate for somebody else's key.</summary>
/// <param name="Chain">DER, leaf first, root last.</param>
internal sealed record IssuedCertificate(IReadOnlyList<byte[]> Chain, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>A certificate with its key, for a listener of the controller. The owner disposes it.</summary>
/// <param name="Chain">What the listener sends after its leaf: intermediates, then the root.</param>
internal sealed record ServerCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain, DateTimeOffset NotAfter) : IDisposable
{
    public void Dispose() => Certificate.Dispose();
}

/// <summary>The request cannot be signed. The message says what is wrong with it and is safe to send to the one who asked.</summary>
internal sealed class InvalidSigningRequestException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>The authority cannot be opened or cannot sign. The message names the file or the certificate and what to do.</summary>
internal sealed class AuthorityException(string reason, Exception? inner = null) : Exception(reason, inner);
