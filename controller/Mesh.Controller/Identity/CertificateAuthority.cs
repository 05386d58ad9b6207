using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Io.Tls;

namespace Mesh.Controller.Identity;

/// <summary>Signs certificates of one trust domain. Names come from the caller, who has checked that the asker may have them; of a
/// signing request only the key is used. Thread-safe: every call uses the key alone, which is never changed.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private readonly TimeProvider time;
    private readonly CertificateLifetimes lifetimes;
    private readonly AsymmetricAlgorithm key;
    private readonly X509SignatureGenerator signer;
    private readonly X509Certificate2[] issuers;

    /// <param name="issuers">The signing certificate first, the root last. Owned by the authority, as is the key.</param>
    internal CertificateAuthority(
        string trustDomain, X509Certificate2[] issuers, AsymmetricAlgorithm key, CertificateLifetimes lifetimes, TimeProvider time)
    {
        (TrustDomain, this.issuers, this.key, this.lifetimes, this.time) = (trustDomain, issuers, key, lifetimes, time);
        signer = key is RSA rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        TrustRoots = [issuers[^1].RawData];
    }

    public string TrustDomain { get; }

    /// <summary>DER. What every member of the mesh trusts.</summary>
    public IReadOnlyList<byte[]> TrustRoots { get; }

    /// <summary>For files that clients trust, as in a kubeconfig.</summary>
    public string TrustRootsPem => string.Concat(TrustRoots.Select(static der => PemEncoding.WriteString("CERTIFICATE", der) + "\n"));

    /// <summary>Opens the authority of the data directory, making its root at the first start.</summary>
    /// <exception cref="AuthorityException">A file is missing, damaged, readable by others, expired, or of another trust domain.</exception>
    public static CertificateAuthority Open(AuthorityConfig config, TimeProvider time) => AuthorityFiles.Open(config, time);

    /// <summary>An authority that lives in memory only.</summary>
    public static CertificateAuthority Create(string trustDomain, CertificateLifetimes lifetimes, TimeProvider time)
    {
        if (!MeshUri.IsDnsName(trustDomain))
            throw new AuthorityException($"trust domain '{trustDomain}' is not a DNS name in lower case");
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = time.GetUtcNow();
        using var root = CertificateProfile.Root(key, trustDomain).CreateSelfSigned(now - lifetimes.ClockSkew, now + lifetimes.Root);
        return new(trustDomain, [X509CertificateLoader.LoadCertificate(root.RawData)], key, lifetimes, time);
    }

    /// <param name="request">DER PKCS#10.</param>
    /// <param name="lifetime">Null: as configured for workloads. Never longer than that.</param>
    /// <exception cref="InvalidSigningRequestException">See <see cref="SigningRequest"/>.</exception>
    public IssuedCertificate IssueWorkload(SpiffeId identity, ReadOnlySpan<byte> request, TimeSpan? lifetime = null)
    {
        if (identity.TrustDomain != TrustDomain || !MeshUri.IsIssuable(identity))
            throw new ArgumentException($"{identity} is not a workload identity of {TrustDomain}", nameof(identity));
        var asked = lifetime is { } shorter && shorter < lifetimes.Workload ? shorter : lifetimes.Workload;
        return Issue(CertificateProfile.Leaf(SigningRequest.ReadPublicKey(request), identity.ToString()), asked);
    }

    /// <exception cref="InvalidSigningRequestException">See <see cref="SigningRequest"/>.</exception>
    public IssuedCertificate IssueNode(string node, ReadOnlySpan<byte> request)
    {
        if (!MeshUri.IsDnsName(node)) throw new ArgumentException($"'{node}' is not the name of a node", nameof(node));
        return Issue(CertificateProfile.Leaf(SigningRequest.ReadPublicKey(request), MeshUri.Node(TrustDomain, node)), lifetimes.Node);
    }

    /// <summary>A certificate with a new key for a listener of the controller. Nodes know it by its URI, spiffe://trust-domain/controller,
    /// other clients by its DNS names and addresses.</summary>
    public ServerCertificate IssueServer(IReadOnlyCollection<string> dnsNames, IReadOnlyCollection<IPAddress> addresses)
    {
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = new PublicKey(serverKey);
        var request = CertificateProfile.Server(publicKey, MeshUri.Controller(TrustDomain), dnsNames, addresses);
        var issued = Issue(request, lifetimes.Server);
        using var bare = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        var chain = new X509Certificate2Collection();
        foreach (var issuer in issuers) chain.Add(issuer);
        return new ServerCertificate(bare.CopyWithPrivateKey(serverKey), chain, issued.NotAfter);
    }

    public void Dispose()
    {
        key.Dispose();
        foreach (var issuer in issuers) issuer.Dispose();
    }

    private IssuedCertificate Issue(CertificateRequest request, TimeSpan lifetime)
    {
        var issuer = issuers[0];
        var now = time.GetUtcNow();
        var issuerEnd = issuers.Min(static certificate => certificate.NotAfter.ToUniversalTime());
        if (now >= issuerEnd)
            throw new AuthorityException($"the authority's certificate '{issuer.Subject}' expired at {issuerEnd:u}: give the controller a new one");
        // A certificate cannot outlive its issuer; whole seconds, because that is what a certificate can say.
        var end = now + lifetime < issuerEnd ? now + lifetime : new DateTimeOffset(issuerEnd, TimeSpan.Zero);
        var begin = now - lifetimes.ClockSkew;
        // A given intermediate may lack the identifier; the link is then the issuer's name alone (RFC 5280 4.2.1.1).
        if (issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        using var certificate = request.Create(issuer.SubjectName, signer, begin, end, NewSerial());
        return new([certificate.RawData, .. issuers.Select(static c => c.RawData)], begin, certificate.NotAfter.ToUniversalTime());
    }

    // 126 random bits: RFC 5280 4.1.2.2 wants positive and at most 20 bytes, the CA/B forum at least 64 bits from a secure source.
    private static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        return serial;
    }
}
