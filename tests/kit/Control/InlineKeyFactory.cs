using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Control.Keys;

namespace Mesh.Kit.Control;

/// <summary>Real keys, made at once in the caller's thread, so that virtual time does not have to wait for the thread pool.</summary>
public sealed class InlineKeyFactory : IKeyFactory
{
    public int Made { get; private set; }

    public Task<SigningKey> CreateAsync()
    {
        Made++;
        return Task.FromResult(Create());
    }

    public static SigningKey Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        return new SigningKey(key.ExportPkcs8PrivateKey(), request.CreateSigningRequest());
    }
}
