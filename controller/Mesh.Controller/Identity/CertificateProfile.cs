using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Controller.Identity;

/// <summary>The fields of the certificates that the authority issues. Subjects are empty and the names, marked critical, are in the
/// subject alternative name (RFC 5280 4.2.1.6), as SPIFFE asks for.</summary>
internal static class CertificateProfile
{
    private const string SubjectAlternativeNameOid = "2.5.29.17";
    private const string ServerAuthenticationOid = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    /// <summary>For both roles of mutual TLS.</summary>
    public static CertificateRequest Leaf(PublicKey key, string uri) => Leaf(key, Names(uri, [], []), forClient: true);

    /// <summary>For a listener of the controller; no client role.</summary>
    public static CertificateRequest Server(PublicKey key, string uri, IEnumerable<string> dnsNames, IEnumerable<IPAddress> addresses) =>
        Leaf(key, Names(uri, dnsNames, addresses), forClient: false);

    public static CertificateRequest Root(ECDsa key, string trustDomain)
    {
        var request = new CertificateRequest($"CN={trustDomain} mesh root,O={trustDomain}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(new X509Extension(SubjectAlternativeNameOid, Names($"spiffe://{trustDomain}", [], []), critical: false));
        return request;
    }

    private static CertificateRequest Leaf(PublicKey key, byte[] names, bool forClient)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        var purposes = new OidCollection { new Oid(ServerAuthenticationOid) };
        if (forClient) purposes.Add(new Oid(ClientAuthenticationOid));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        request.CertificateExtensions.Add(new X509Extension(SubjectAlternativeNameOid, names, critical: true));
        return request;
    }

    // Written here because the framework's builder takes a Uri, which rewrites what it is given.
    private static byte[] Names(string uri, IEnumerable<string> dnsNames, IEnumerable<IPAddress> addresses)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (string name in dnsNames)
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
            writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            foreach (var address in addresses)
                writer.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));
        }
        return writer.Encode();
    }
}
