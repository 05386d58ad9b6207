using System.Text;

namespace Mesh.Protocol.Grpc;

/// <summary>The percent-encoding of grpc-message (PROTOCOL-HTTP2.md): UTF-8, with all bytes outside space to '~' and '%' itself encoded.</summary>
public static class GrpcMessageText
{
    /// <summary>Encoded length that header blocks of common servers accept beside other fields. Longer text is cut.</summary>
    public const int MaxEncodedLength = 2048;

    public static string Encode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in message.EnumerateRunes())
        {
            int length = rune.EncodeToUtf8(bytes);
            if (encoded.Length + 3 * length > MaxEncodedLength) break;
            foreach (byte value in bytes[..length])
            {
                if (value is >= 0x20 and <= 0x7E and not (byte)'%') encoded.Append((char)value);
                else encoded.Append('%').Append(value.ToString("X2"));
            }
        }
        return encoded.ToString();
    }

    /// <summary>Never fails: what is not a correct escape is taken as it is, as the specification asks for.</summary>
    public static string Decode(string encoded)
    {
        if (!encoded.Contains('%')) return encoded;
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(encoded.Length)];
        int length = 0;
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length && char.IsAsciiHexDigit(encoded[i + 1]) && char.IsAsciiHexDigit(encoded[i + 2]))
            {
                bytes[length++] = Convert.ToByte(encoded.Substring(i + 1, 2), 16);
                i += 2;
            }
            else
            {
                length += Encoding.UTF8.GetBytes(encoded.AsSpan(i, 1), bytes.AsSpan(length));
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
