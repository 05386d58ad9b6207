using System.Formats.Asn1;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;

namespace Mesh.Tests.Unit.Io.Tls;

public sealed class CertificateFieldsTests : IDisposable
{
    private const string Uri = "spiffe://cluster.local/ns/shop/sa/web";
    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Fact]
    public void Validity_and_the_only_uri_are_read()
    {
        var fields = CertificateFields.Parse(authority.Issue(uris: [Uri], names: ["a.mesh", "10.0.0.1"]).Der);
        Assert.Equal(new CertificateFields(TestAuthority.Start, TestAuthority.End, Uri), fields);
    }

    [Theory]
    [InlineData]
    [InlineData(Uri, "spiffe://cluster.local/ns/shop/sa/catalog")]
    [InlineData(Uri, Uri)]
    public void No_uri_or_several_are_none(params string[] uris) =>
        Assert.Null(CertificateFields.Parse(authority.Issue(uris: uris, names: ["a.mesh"]).Der).Uri);

    [Fact]
    public void Certificate_without_alternative_names_has_no_uri() => Assert.Null(CertificateFields.Parse(authority.RootDer).Uri);

    [Fact]
    public void Dates_after_2049_are_read() =>
        Assert.Equal(2060, CertificateFields.Parse(authority.RootDerUntil(2060)).NotAfter.Year);

    [Fact]
    public void Truncated_certificate_is_refused_wherever_it_is_cut()
    {
        byte[] der = authority.Issue(Uri).Der;
        for (int length = 0; length < der.Length; length++)
            Assert.ThrowsAny<AsnContentException>(() => CertificateFields.Parse(der.AsMemory(0, length)));
    }

    [Fact]
    public void Damaged_certificate_is_read_or_refused_but_never_something_else()
    {
        byte[] der = authority.Issue(Uri).Der;
        for (int i = 0; i < der.Length; i++)
        {
            foreach (byte damage in (byte[])[0x00, 0xFF, (byte)(der[i] ^ 1), (byte)(der[i] + 1)])
            {
                byte[] damaged = [.. der];
                damaged[i] = damage;
                try
                {
                    CertificateFields.Parse(damaged);
                }
                catch (AsnContentException)
                {
                    // The only way in which it may fail.
                }
            }
        }
    }
}
