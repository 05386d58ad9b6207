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

    internal static IReadOnlyList<ReadOnlyMemory<byte>> Memories(IReadOnlyList<byte[]> certificates) =>
        [.. certificates.Select(static der => new ReadOnlyMemory<byte>(der))];
}
