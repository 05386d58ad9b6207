using System.Formats.Asn1;

namespace Mesh.Io.Tls;

/// <summary>The few fields of an X.509 certificate (RFC 5280 4.1) that the data path looks at.</summary>
/// <param name="Uri">The URI subject alternative name; null if there is none or several: SPIFFE allows exactly one.</param>
public readonly record struct CertificateFields(DateTimeOffset NotBefore, DateTimeOffset NotAfter, string? Uri)
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag Version = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 3, isConstructed: true);
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);

    /// <exception cref="AsnContentException">It is not the DER of a certificate.</exception>
    public static CertificateFields Parse(ReadOnlyMemory<byte> der)
    {
        var body = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        if (body.PeekTag().HasSameClassAndValue(Version)) body.ReadEncodedValue();
        body.ReadInteger();
        body.ReadSequence(); // signature algorithm
        body.ReadSequence(); // issuer
        var validity = body.ReadSequence();
        var notBefore = ReadTime(validity);
        var notAfter = ReadTime(validity);
        return new CertificateFields(notBefore, notAfter, ReadUri(body));
    }

    private static string? ReadUri(AsnReader body)
    {
        while (body.HasData)
        {
            if (!body.PeekTag().HasSameClassAndValue(Extensions))
            {
                body.ReadEncodedValue();
                continue;
            }
            var extensions = body.ReadSequence(Extensions).ReadSequence();
            while (extensions.HasData)
            {
                var extension = extensions.ReadSequence();
                if (extension.ReadObjectIdentifier() != SubjectAlternativeName) continue;
                if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean)) extension.ReadBoolean();
                return OnlyUri(extension.ReadOctetString());
            }
        }
        return null;
    }

    private static string? OnlyUri(byte[] value)
    {
        var names = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
        string? uri = null;
        while (names.HasData)
        {
            if (!names.PeekTag().HasSameClassAndValue(UriName))
            {
                names.ReadEncodedValue();
                continue;
            }
            string name = names.ReadCharacterString(UniversalTagNumber.IA5String, UriName);
            if (uri is not null) return null;
            uri = name;
        }
        return uri;
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
