using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Io.Tls;

namespace Mesh.Controller.Identity;

/// <summary>Judges the certificate that a client of a listener presents, against the authority's roots only.</summary>
internal sealed class PeerCertificate(CertificateAuthority authority, TimeProvider time)
{
    private const string ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    /// <param name="extra">What the client sent besides its own certificate.</param>
    /// <returns>Null when the certificate is good, otherwise why not.</returns>
    public string? Refuse(X509Certificate2 certificate, X509Certificate2Collection extra)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        chain.ChainPolicy.ExtraStore.AddRange(extra);
        if (chain.Build(certificate)) return Uri(certificate) is null ? "it does not carry exactly one URI" : null;
        return string.Join("; ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()).Distinct());
    }

    /// <summary>The authority's roots alone, nothing downloaded, no system store.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = time.GetUtcNow().UtcDateTime,
        };
        policy.ApplicationPolicy.Add(new Oid(ClientAuthenticationOid));
        foreach (byte[] root in authority.TrustRoots) policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root));
        return policy;
    }

    /// <summary>The one URI subject alternative name; null if there is none, or several, or the certificate is malformed.</summary>
    public static string? Uri(X509Certificate2 certificate)
    {
        try
        {
            return CertificateFields.Parse(certificate.RawDataMemory).Uri;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
