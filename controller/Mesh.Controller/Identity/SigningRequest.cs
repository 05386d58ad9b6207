using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Controller.Identity;

/// <summary>Takes the public key out of a PKCS#10 request and nothing else: the controller decides every name in a certificate.</summary>
internal static class SigningRequest
{
    /// <summary>A request with an RSA-4096 key and a few names has about 1.5 KiB.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096; // larger keys cost more to verify in each handshake than they protect

    /// <exception cref="InvalidSigningRequestException">Not a request, signed by another key, or a key that is not accepted.</exception>
    public static PublicKey ReadPublicKey(ReadOnlySpan<byte> der)
    {
        if (der.IsEmpty) throw new InvalidSigningRequestException("the certificate signing request is empty");
        if (der.Length > MaxBytes)
            throw new InvalidSigningRequestException($"the certificate signing request has {der.Length} bytes, more than {MaxBytes}");
        try
        {
            // The loader verifies the request's own signature: proof that the asker holds the key.
            var request = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out int consumed);
            if (consumed != der.Length)
                throw new InvalidSigningRequestException($"the certificate signing request has {der.Length - consumed} bytes after its end");
            CheckKey(request.PublicKey);
            return request.PublicKey;
        }
        catch (Exception error) when (error is CryptographicException or NotSupportedException) // the latter for unknown algorithms and curves
        {
            throw new InvalidSigningRequestException(
                $"the certificate signing request is truncated, not DER PKCS#10, or not signed by its own key: {error.Message}", error);
        }
    }

    private static void CheckKey(PublicKey key)
    {
        using var ecdsa = key.GetECDsaPublicKey();
        if (ecdsa is not null)
        {
            string? curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid.Value;
            if (curve == ECCurve.NamedCurves.nistP256.Oid.Value || curve == ECCurve.NamedCurves.nistP384.Oid.Value) return;
            throw new InvalidSigningRequestException("the key is on a curve other than P-256 and P-384");
        }
        using var rsa = key.GetRSAPublicKey();
        if (rsa is null) throw new InvalidSigningRequestException($"the key's algorithm {key.Oid.Value} is not accepted: use ECDSA P-256");
        if (rsa.KeySize is < MinRsaBits or > MaxRsaBits)
            throw new InvalidSigningRequestException($"the RSA key has {rsa.KeySize} bits, not {MinRsaBits} to {MaxRsaBits}");
    }
}
