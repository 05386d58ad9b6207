using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Controller.Identity;

/// <summary>The authority on disk. A root that the controller makes is written key first, certificate second, each by rename: a crash
/// between leaves a key without certificate, which is simply made anew; a certificate without its key is damage and is reported.</summary>
internal static class AuthorityFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode OthersAccess = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public static CertificateAuthority Open(AuthorityConfig config, TimeProvider time)
    {
        if (!MeshUri.IsDnsName(config.TrustDomain))
            throw new AuthorityException($"trust domain '{config.TrustDomain}' is not a DNS name in lower case");
        if (config.CertificateFile is null != config.KeyFile is null)
            throw new AuthorityException("the authority's certificate file and key file are given together or not at all");
        if (config.CertificateFile is { } given) return Load(given, config.KeyFile!, config, time);

        string folder = Path.Combine(config.DataDirectory, "authority");
        string certificateFile = Path.Combine(folder, "root.pem");
        string keyFile = Path.Combine(folder, "root.key");
        if (!File.Exists(certificateFile)) CreateRoot(folder, certificateFile, keyFile, config, time);
        var authority = Load(certificateFile, keyFile, config, time);
        CheckTrustDomain(authority, certificateFile);
        return authority;
    }

    private static void CreateRoot(string folder, string certificateFile, string keyFile, AuthorityConfig config, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = time.GetUtcNow();
        using var root = CertificateProfile.Root(key, config.TrustDomain)
            .CreateSelfSigned(now - config.Lifetimes.ClockSkew, now + config.Lifetimes.Root);
        try
        {
            Directory.CreateDirectory(folder, OwnerOnlyFolder);
            WriteAtomically(keyFile, key.ExportPkcs8PrivateKeyPem());
            WriteAtomically(certificateFile, root.ExportCertificatePem() + "\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AuthorityException($"cannot write the authority's root to {folder}: {error.Message}", error);
        }
    }

    private static void WriteAtomically(string path, string text)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static CertificateAuthority Load(string certificateFile, string keyFile, AuthorityConfig config, TimeProvider time)
    {
        AsymmetricAlgorithm? key = null;
        try
        {
            var issuers = ReadChain(certificateFile);
            key = ReadKey(keyFile, issuers[0], certificateFile);
            CheckChain(issuers, certificateFile, time);
            return new CertificateAuthority(config.TrustDomain, issuers, key, config.Lifetimes, time);
        }
        catch (Exception error)
        {
            key?.Dispose();
            if (error is not (IOException or UnauthorizedAccessException)) throw;
            throw new AuthorityException($"cannot read the authority: {error.Message}", error);
        }
    }

    private static X509Certificate2[] ReadChain(string file)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPemFile(file);
        }
        catch (CryptographicException error)
        {
            throw new AuthorityException($"{file} is not PEM certificates: {error.Message}", error);
        }
        if (chain.Count == 0) throw new AuthorityException($"{file} contains no certificate");
        return [.. chain];
    }

    private static AsymmetricAlgorithm ReadKey(string file, X509Certificate2 certificate, string certificateFile)
    {
        if ((File.GetUnixFileMode(file) & OthersAccess) != 0)
            throw new AuthorityException($"{file} can be read by every user of this machine: chmod 600 {file}");
        string pem = File.ReadAllText(file);
        AsymmetricAlgorithm key = certificate.GetRSAPublicKey() is null ? ECDsa.Create() : RSA.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new AuthorityException($"{file} is not the PEM private key of the certificate in {certificateFile}: {error.Message}", error);
        }
        if (key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo())) return key;
        key.Dispose();
        throw new AuthorityException($"{file} is not the key of the first certificate in {certificateFile}");
    }

    private static void CheckChain(X509Certificate2[] issuers, string file, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        for (int i = 0; i < issuers.Length; i++)
        {
            var certificate = issuers[i];
            var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
            if (constraints is not { CertificateAuthority: true })
                throw new AuthorityException($"{file}: '{certificate.Subject}' is not the certificate of an authority (CA:TRUE)");
            if (now >= certificate.NotAfter.ToUniversalTime())
                throw new AuthorityException($"{file}: '{certificate.Subject}' expired at {certificate.NotAfter.ToUniversalTime():u}");
            var issuer = i + 1 < issuers.Length ? issuers[i + 1] : certificate;
            if (!certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData))
                throw new AuthorityException($"{file}: '{certificate.Subject}' is not followed by its issuer; the order is signing certificate … root");
        }
    }

    // Our own root names its trust domain: a changed configuration would issue identities that no running node accepts.
    private static void CheckTrustDomain(CertificateAuthority authority, string file)
    {
        using var root = X509CertificateLoader.LoadCertificate(authority.TrustRoots[^1]);
        if (PeerCertificate.Uri(root) == $"spiffe://{authority.TrustDomain}") return;
        string known = PeerCertificate.Uri(root) ?? "no trust domain";
        authority.Dispose();
        throw new AuthorityException(
            $"{file} is the root of {known}, the configuration says spiffe://{authority.TrustDomain}: use the old trust domain or a new data directory");
    }
}
