using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Io.Tls;

namespace Mesh.Kit.Certificates;

/// <summary>A certificate authority in memory, with P-256 keys. Everything it issues is valid from 2025 to 2027 unless told.</summary>
public sealed class TestAuthority : IDisposable
{
    public static readonly DateTimeOffset Start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset End = new(2028, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 certificate;
    private byte nextSerial = 2;

    private readonly TestAuthority? parent;

    public TestAuthority(string name = "mesh test authority")
    {
        certificate = Request(name).CreateSelfSigned(Start.AddYears(-1), End.AddYears(1));
    }

    private TestAuthority(string name, TestAuthority parent, DateTimeOffset until)
    {
        this.parent = parent;
        certificate = Request(name).Create(
            parent.certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(parent.key), Start.AddYears(-1), until, [parent.nextSerial++]);
    }

    public byte[] RootDer => certificate.RawData;

    public string RootPem => certificate.ExportCertificatePem();

    /// <summary>An authority whose own certificate this one has signed.</summary>
    public TestAuthority Intermediate(string name = "mesh test intermediate", DateTimeOffset? until = null) => new(name, this, until ?? End.AddYears(1));

    /// <summary>A root of the same key that is valid to the end of that year.</summary>
    public byte[] RootDerUntil(int year)
    {
        using var root = Request("long").CreateSelfSigned(Start, new DateTimeOffset(year, 12, 31, 0, 0, 0, TimeSpan.Zero));
        return root.RawData;
    }

    /// <param name="uris">URI subject alternative names.</param>
    /// <param name="usages">Extended key usages by object identifier; client and server authentication unless told.</param>
    public TestCertificate Issue(
        string[]? uris = null, string[]? names = null, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, string[]? usages = null)
    {
        var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", leafKey, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string uri in uris ?? []) alternatives.AddUri(new Uri(uri));
        foreach (string name in names ?? [])
        {
            if (System.Net.IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        if (uris?.Length > 0 || names?.Length > 0) request.CertificateExtensions.Add(alternatives.Build(critical: true));
        var purposes = new OidCollection();
        foreach (string usage in usages ?? ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]) purposes.Add(new Oid(usage));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        using var leaf = request.Create(certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore ?? Start, notAfter ?? End, [nextSerial++]);
        return new TestCertificate(leaf.RawData, leafKey);
    }

    public TestCertificate Issue(string workloadUri) => Issue(uris: [workloadUri]);

    /// <summary>A context of one workload that trusts this authority.</summary>
    public OpenSslContext Context(string workloadUri) => Context(Issue(workloadUri));

    /// <summary>A context with a certificate of this authority. An intermediate's own certificate is sent along, and its root is trusted.</summary>
    public OpenSslContext Context(TestCertificate leaf) => parent is null
        ? OpenSslContext.Create([leaf.Der], leaf.Pkcs8, [RootDer])
        : OpenSslContext.Create([leaf.Der, RootDer], leaf.Pkcs8, [parent.RootDer]);

    private CertificateRequest Request(string name)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return request;
    }

    public void Dispose()
    {
        certificate.Dispose();
        key.Dispose();
    }
}

public sealed class TestCertificate(byte[] der, ECDsa key)
{
    public byte[] Der { get; } = der;
    public byte[] Pkcs8 { get; } = key.ExportPkcs8PrivateKey();
    public string CertificatePem => PemEncoding.WriteString("CERTIFICATE", Der);
    public string KeyPem => PemEncoding.WriteString("PRIVATE KEY", Pkcs8);
}
