using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Compare.Candidates;

/// <summary>An authority and one certificate for each end, P-256 as the mesh's own are. Files of certificate and key together.</summary>
internal sealed record PeerCertificates(string Authority, string Server, string Client)
{
    public const string ServerName = "peer.bench";

    public static PeerCertificates Create(string folder)
    {
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(from, from.AddDays(1));
        string authorityFile = Path.Combine(folder, "authority.pem");
        File.WriteAllText(authorityFile, authority.ExportCertificatePem() + "\n");
        return new(authorityFile, Issue(folder, "server", authority, from), Issue(folder, "client", authority, from));
    }

    private static string Issue(string folder, string name, X509Certificate2 authority, DateTimeOffset from)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ServerName);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(authority, from, from.AddHours(12), RandomNumberGenerator.GetBytes(16));
        string file = Path.Combine(folder, $"{name}.pem");
        File.WriteAllText(file, $"{leaf.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return file;
    }
}
