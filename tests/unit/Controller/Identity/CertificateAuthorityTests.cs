using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Controller.Identity;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;

namespace Mesh.Tests.Unit.Controller.Identity;

public sealed class CertificateAuthorityTests : IDisposable
{
    private static readonly SpiffeId web = new("mesh.test", "shop", "web");
    private readonly string directory = Directory.CreateTempSubdirectory("mesh-authority-").FullName;
    private readonly VirtualTime time = new();

    [Fact]
    public void Workload_certificate_carries_one_critical_uri_both_roles_and_a_day()
    {
        using var authority = Open();

        var issued = authority.IssueWorkload(web, InlineKeyFactory.Create().Request);

        using var leaf = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        Assert.Equal("spiffe://mesh.test/ns/shop/sa/web", CertificateFields.Parse(issued.Chain[0]).Uri);
        Assert.True(leaf.Extensions["2.5.29.17"]!.Critical);
        Assert.Equal("", leaf.Subject);
        var usages = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(static oid => oid.Value);
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], usages);
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromHours(24), issued.NotAfter);
        Assert.Equal(time.GetUtcNow() - TimeSpan.FromMinutes(2), issued.NotBefore);
        Assert.Equal(32, leaf.SerialNumber.Length);
    }

    [Fact]
    public void Chain_goes_from_leaf_to_root_and_verifies()
    {
        using var authority = Open();
        var issued = authority.IssueNode("node-a", InlineKeyFactory.Create().Request);

        using var leaf = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        Assert.Null(new PeerCertificate(authority, time).Refuse(leaf, []));
        Assert.Equal(authority.TrustRoots[0], issued.Chain[^1]);
    }

    [Fact]
    public void Certificate_is_refused_one_second_after_its_end_and_not_one_before()
    {
        using var authority = Open();
        var issued = authority.IssueWorkload(web, InlineKeyFactory.Create().Request, TimeSpan.FromHours(1));
        using var leaf = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        var judge = new PeerCertificate(authority, time);

        time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Null(judge.Refuse(leaf, []));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("expired", judge.Refuse(leaf, []));
    }

    [Fact]
    public void Certificate_of_another_authority_of_the_same_name_is_refused()
    {
        using var authority = Open();
        using var foreign = CertificateAuthority.Create("mesh.test", new CertificateLifetimes(), time);
        using var leaf = X509CertificateLoader.LoadCertificate(foreign.IssueWorkload(web, InlineKeyFactory.Create().Request).Chain[0]);

        Assert.NotNull(new PeerCertificate(authority, time).Refuse(leaf, []));
    }

    [Fact]
    public void Names_in_the_request_are_ignored()
    {
        using var authority = Open();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=admin", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://mesh.test/ns/shop/sa/admin"));
        request.CertificateExtensions.Add(names.Build());

        var issued = authority.IssueWorkload(web, request.CreateSigningRequest());

        Assert.Equal(web.ToString(), CertificateFields.Parse(issued.Chain[0]).Uri);
        using var leaf = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        Assert.Equal("", leaf.Subject);
    }

    [Fact]
    public void Request_truncated_anywhere_is_refused()
    {
        using var authority = Open();
        byte[] request = InlineKeyFactory.Create().Request;

        for (int length = 0; length < request.Length; length++)
            Assert.Throws<InvalidSigningRequestException>(() => authority.IssueWorkload(web, request.AsSpan(0, length)));
        Assert.Throws<InvalidSigningRequestException>(() => authority.IssueWorkload(web, [.. request, 0]));
    }

    [Fact]
    public void Request_with_a_damaged_signature_is_refused()
    {
        using var authority = Open();
        byte[] request = InlineKeyFactory.Create().Request;
        request[^1] ^= 1;

        var error = Assert.Throws<InvalidSigningRequestException>(() => authority.IssueWorkload(web, request));
        Assert.Contains("not signed by its own key", error.Message);
    }

    [Fact]
    public void Weak_keys_are_refused_and_strong_ones_accepted()
    {
        using var authority = Open();
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa1024 = RSA.Create(1024);
        using var rsa2048 = RSA.Create(2048);
        byte[] Rsa(RSA key) => new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        byte[] Ec(ECDsa key) => new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSigningRequest();

        Assert.Contains("1024 bits", Assert.Throws<InvalidSigningRequestException>(() => authority.IssueWorkload(web, Rsa(rsa1024))).Message);
        Assert.Contains("curve", Assert.Throws<InvalidSigningRequestException>(() => authority.IssueWorkload(web, Ec(p521))).Message);
        authority.IssueWorkload(web, Rsa(rsa2048));
        authority.IssueWorkload(web, Ec(p384));
    }

    [Fact]
    public void Root_is_made_once_private_and_survives_a_restart()
    {
        byte[] root;
        using (var first = Open()) root = first.TrustRoots[0];
        using var second = Open();

        Assert.Equal(root, second.TrustRoots[0]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [Fact]
    public void Key_that_others_can_read_is_refused_with_what_to_do()
    {
        Open().Dispose();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Contains("chmod 600", Assert.Throws<AuthorityException>(Open).Message);
    }

    [Fact]
    public void Damaged_or_missing_files_are_reported_not_replaced()
    {
        Open().Dispose();
        byte[] root = File.ReadAllBytes(RootFile);
        File.WriteAllBytes(RootFile, root[..(root.Length / 2)]);
        Assert.Throws<AuthorityException>(Open);

        File.WriteAllBytes(RootFile, root);
        File.Delete(KeyFile);
        Assert.Throws<AuthorityException>(Open);
        Assert.Equal(root, File.ReadAllBytes(RootFile));
    }

    [Fact]
    public void Changed_trust_domain_is_refused()
    {
        Open().Dispose();

        var error = Assert.Throws<AuthorityException>(
            () => CertificateAuthority.Open(new AuthorityConfig { TrustDomain = "other.test", DataDirectory = directory }, time));

        Assert.Contains("spiffe://mesh.test", error.Message);
    }

    [Fact]
    public void Given_intermediate_signs_and_its_root_is_trusted()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Ca("CN=corporate root", rootKey).CreateSelfSigned(time.GetUtcNow(), time.GetUtcNow().AddYears(5));
        using var signing = Ca("CN=mesh", signingKey).Create(root, time.GetUtcNow(), time.GetUtcNow().AddHours(3), [1, 2, 3]);
        string certificates = Path.Combine(directory, "chain.pem");
        string keyFile = Path.Combine(directory, "chain.key");
        File.WriteAllText(certificates, signing.ExportCertificatePem() + "\n" + root.ExportCertificatePem());
        File.WriteAllText(keyFile, signingKey.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead);

        var config = new AuthorityConfig { TrustDomain = "mesh.test", DataDirectory = directory, CertificateFile = certificates, KeyFile = keyFile };
        using var authority = CertificateAuthority.Open(config, time);
        var issued = authority.IssueWorkload(web, InlineKeyFactory.Create().Request);

        Assert.Equal(3, issued.Chain.Count);
        Assert.Equal(root.RawData, authority.TrustRoots.Single());
        Assert.Equal(time.GetUtcNow().AddHours(3), issued.NotAfter); // not beyond its issuer
        using var leaf = X509CertificateLoader.LoadCertificate(issued.Chain[0]);
        using var intermediate = X509CertificateLoader.LoadCertificate(issued.Chain[1]);
        Assert.Null(new PeerCertificate(authority, time).Refuse(leaf, [intermediate]));
    }

    [Fact]
    public void Server_certificate_names_the_controller_and_its_addresses_and_is_no_client()
    {
        using var authority = Open();
        using var server = authority.IssueServer(["localhost", "controller.example"], [IPAddress.Loopback, IPAddress.IPv6Loopback]);

        Assert.True(server.Certificate.HasPrivateKey);
        Assert.Equal("spiffe://mesh.test/controller", CertificateFields.Parse(server.Certificate.RawData).Uri);
        Assert.True(server.Certificate.MatchesHostname("controller.example"));
        Assert.True(server.Certificate.MatchesHostname("127.0.0.1"));
        Assert.NotNull(new PeerCertificate(authority, time).Refuse(server.Certificate, []));
    }

    [Fact]
    public void Listener_certificate_is_renewed_at_half_of_its_life()
    {
        using var authority = Open();
        var source = new ServerCertificateSource(authority, ["localhost"], [], time);
        var first = source.Current;

        time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1));
        Assert.Same(first, source.Current);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotSame(first, source.Current);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private string RootFile => Path.Combine(directory, "authority", "root.pem");

    private string KeyFile => Path.Combine(directory, "authority", "root.key");

    private CertificateAuthority Open() => CertificateAuthority.Open(new AuthorityConfig { TrustDomain = "mesh.test", DataDirectory = directory }, time);

    private static CertificateRequest Ca(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        return request;
    }
}
