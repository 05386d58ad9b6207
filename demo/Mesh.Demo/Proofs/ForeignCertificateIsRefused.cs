using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Demo.Proofs;

/// <summary>A certificate with the allowed client's own name, from an authority the mesh does not know.</summary>
internal sealed class ForeignCertificateIsRefused : IProof
{
    public string Claim => "a certificate from another authority is refused, whatever name it carries";

    public async Task<string> ProveAsync(World world)
    {
        string file = Path.Combine(world.A.Folder, "foreign.pem");
        await File.WriteAllTextAsync(file, MakeForeignIdentity());
        // The greeting of HTTP/2 and a wait: with TLS 1.3 a server's refusal of the client's certificate arrives after the client's handshake ended.
        var attempt = await world.Outsider.Space.RunAsync(
            ["bash", "-c", $"{{ printf 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n'; sleep 2; }} | timeout 10 openssl s_client -connect {world.CatalogV1.Address}:15008 -alpn h2 -tls1_3 -cert {file} -key {file} 2>&1"]);
        string? alert = attempt.Output.Split('\n').FirstOrDefault(line => line.Contains("alert", StringComparison.Ordinal));
        Claims.Must(alert is not null, $"no alert in what openssl saw: {attempt}");
        return $"openssl s_client with {Identity} of a foreign authority: {alert!.Split(':').First(part => part.Contains("alert", StringComparison.Ordinal))}";
    }

    private const string Identity = "spiffe://cluster.local/ns/shop/sa/client";

    private static string MakeForeignIdentity()
    {
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=another authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(from, from.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Identity));
        request.CertificateExtensions.Add(names.Build(critical: true));
        using var leaf = request.Create(authority, from, from.AddHours(12), RandomNumberGenerator.GetBytes(16));
        return $"{leaf.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
