using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Controller.Identity;

namespace Mesh.Tests.Fuzz.Certificates;

internal sealed class SigningRequestTarget : IFuzzTarget
{
    public string Name => "signing-request";

    public IEnumerable<byte[]> Seeds { get; } = [Request(ECCurve.NamedCurves.nistP256), Request(ECCurve.NamedCurves.nistP521)];

    public void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            SigningRequest.ReadPublicKey(input).ExportSubjectPublicKeyInfo();
        }
        catch (InvalidSigningRequestException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }

    private static byte[] Request(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        var request = new CertificateRequest("CN=node-1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("node-1");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }
}
