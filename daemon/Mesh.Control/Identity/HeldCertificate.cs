using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Mesh.Control.State;
using Mesh.Io.Tls;
using Mesh.Protocol.State;

namespace Mesh.Control.Identity;

/// <summary>A certificate of this machine with its key. Immutable.</summary>
/// <param name="Uri">The one URI it carries.</param>
/// <param name="Key">PKCS#8 DER.</param>
/// <param name="Chain">DER, leaf first; the root may be last.</param>
/// <param name="Roots">DER: whom to trust.</param>
public sealed record HeldCertificate(
    string Uri, byte[] Key, IReadOnlyList<byte[]> Chain, IReadOnlyList<byte[]> Roots, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>The chain as a TLS peer wants it: without the roots, which it has.</summary>
    public IReadOnlyList<byte[]> ChainToSend =>
        [.. Chain.Where((certificate, index) => index == 0 || !Roots.Any(root => root.AsSpan().SequenceEqual(certificate)))];

    public bool IsValid(DateTimeOffset now) => now >= NotBefore && now < NotAfter;

    /// <summary>Half of its life, give or take a tenth, so that certificates issued together are not renewed together.</summary>
    public DateTimeOffset RenewAt(Random random) => NotBefore + (NotAfter - NotBefore) * (0.45 + 0.1 * random.NextDouble());

    /// <summary>Checks that the certificate is for that URI and that key.</summary>
    /// <exception cref="CryptographicException">It is not, or it cannot be read; the message says which.</exception>
    public static HeldCertificate Create(string uri, byte[] key, IReadOnlyList<byte[]> chain, IReadOnlyList<byte[]> roots)
    {
        if (chain.Count == 0) throw new CryptographicException("the certificate chain is empty");
        if (roots.Count == 0) throw new CryptographicException("there are no trust roots");
        using var leaf = X509CertificateLoader.LoadCertificate(chain[0]);
        using var privateKey = ECDsa.Create();
        privateKey.ImportPkcs8PrivateKey(key, out _);
        if (!privateKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(leaf.PublicKey.ExportSubjectPublicKeyInfo()))
            throw new CryptographicException("the certificate is for another key");
        var fields = CertificateFields.Parse(chain[0]);
        if (fields.Uri != uri) throw new CryptographicException($"the certificate is for '{fields.Uri}', not for '{uri}'");
        return new(uri, key, chain, roots, fields.NotBefore, fields.NotAfter);
    }

    internal byte[] Seal()
    {
        var stored = new StoredCertificate { Uri = Uri, Key = ByteString.CopyFrom(Key) };
        stored.Chain.AddRange(Chain.Select(static der => ByteString.CopyFrom(der)));
        stored.Roots.AddRange(Roots.Select(static der => ByteString.CopyFrom(der)));
        return StateEnvelope.Seal(stored.ToByteArray());
    }

    /// <exception cref="CryptographicException">Damaged; the message says how.</exception>
    internal static HeldCertificate Open(byte[] sealedValue)
    {
        var stored = OpenStored(sealedValue);
        return Create(
            stored.Uri,
            stored.Key.ToByteArray(),
            [.. stored.Chain.Select(static der => der.ToByteArray())],
            [.. stored.Roots.Select(static der => der.ToByteArray())]);
    }

    internal static StoredCertificate OpenStored(byte[] sealedValue)
    {
        if (!StateEnvelope.TryOpen(sealedValue, out var content)) throw new CryptographicException("the stored certificate is damaged");
        try
        {
            return StoredCertificate.Parser.ParseFrom(content.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new CryptographicException("the stored certificate is damaged", error);
        }
    }
}
