using Mesh.Io.Tls;

namespace Mesh.Control.Identity;

/// <summary>Makes the context with which a workload's connections are secured. Thread-safe.</summary>
/// <exception cref="System.Security.Cryptography.CryptographicException">The certificate, key or roots cannot be used.</exception>
public delegate TlsContext TlsContextFactory(HeldCertificate certificate);

public static class OpenSslContexts
{
    /// <summary>The real one.</summary>
    public static TlsContext Create(HeldCertificate certificate) =>
        OpenSslContext.Create(Memories(certificate.ChainToSend), certificate.Key, Memories(certificate.Roots));

    /// <summary>The real one for the controller, see <see cref="Link.ControllerTlsFactory"/>.</summary>
    public static TlsContext ForController(string host, HeldCertificate? certificate, IReadOnlyList<byte[]> roots) => certificate is null
        ? OpenSslContext.ForServerName(host, Memories(roots))
        : OpenSslContext.ForServerName(host, Memories(roots), Memories(certificate.ChainToSend), certificate.Key);

    private static IReadOnlyList<ReadOnlyMemory<byte>> Memories(IReadOnlyList<byte[]> certificates) =>
        [.. certificates.Select(static der => new ReadOnlyMemory<byte>(der))];
}
