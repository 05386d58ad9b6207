using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Io.Tls;

namespace Mesh.Tests.Fuzz.Certificates;

internal sealed class CertificateTarget : IFuzzTarget
{
    public string Name => "certificate";

    public IEnumerable<byte[]> Seeds { get; } = [Certificate("spiffe://mesh/ns/shop/sa/cart"), Certificate()];

    public void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            CertificateFields.Parse(input.ToArray());
        }
        catch (AsnContentException)
        {
            // Not a certificate: callers expect this one.
        }
    }

    private static byte[] Certificate(params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cart", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("cart");
        foreach (string uri in uris) names.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(names.Build(critical: true));
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var certificate = request.CreateSelfSigned(start, start.AddYears(30));
        return certificate.RawData;
    }
}
