using System.Text;

namespace Mesh.Proxy.Dns;

/// <summary>Names on the wire (RFC 1035 section 4.1.4).</summary>
internal static class DnsNames
{
    private const int MaxTextLength = 4 * DnsWire.MaxNameLength; // every byte as \DDD

    /// <summary>Reads a name that may be compressed. Every pointer must lead to an earlier place than the one before, so reading ends.</summary>
    /// <param name="offset">Moved behind the name.</param>
    /// <param name="name">Lower case without the final dot, empty for the root. Bytes that are not plain letters of a name appear as \DDD, so that
    /// a label with a dot in it equals no name of dotted labels.</param>
    internal static bool TryRead(ReadOnlySpan<byte> message, ref int offset, out string name)
    {
        Span<char> text = stackalloc char[MaxTextLength];
        bool isRead = TryWalk(message, ref offset, text, out int length);
        name = isRead ? text[..length].ToString() : "";
        return isRead;
    }

    /// <summary>As <see cref="TryRead"/>, without the text.</summary>
    internal static bool TrySkip(ReadOnlySpan<byte> message, ref int offset) => TryWalk(message, ref offset, [], out _);

    private static bool TryWalk(ReadOnlySpan<byte> message, ref int offset, scoped Span<char> text, out int textLength)
    {
        textLength = 0;
        int position = offset, lowest = offset, wireLength = 1;
        bool jumped = false;
        while (true)
        {
            if (position >= message.Length) return false;
            int length = message[position];
            if (length >= 0xc0)
            {
                if (position + 1 >= message.Length) return false;
                if (!jumped) offset = position + 2;
                jumped = true;
                position = (length & 0x3f) << 8 | message[position + 1];
                if (position >= lowest || position < DnsWire.HeaderLength) return false;
                lowest = position;
                continue;
            }
            wireLength += length + 1;
            if (length > DnsWire.MaxLabelLength || wireLength > DnsWire.MaxNameLength + 1 || position + 1 + length > message.Length) return false;
            if (length == 0) break;
            if (!text.IsEmpty) AppendLabel(text, ref textLength, message.Slice(position + 1, length));
            position += 1 + length;
        }
        if (!jumped) offset = position + 1;
        return true;
    }

    /// <summary>Writes plain lower case labels; returns the length, 0 when it is no name or does not fit.</summary>
    internal static int Write(string name, Span<byte> destination)
    {
        if (name.Length > DnsWire.MaxNameLength - 2 || destination.Length < name.Length + 2) return 0;
        int written = 0;
        foreach (var range in name.AsSpan().Split('.'))
        {
            var label = name.AsSpan(range);
            if (label.Length is 0 or > DnsWire.MaxLabelLength) return 0;
            destination[written++] = (byte)label.Length;
            written += Encoding.ASCII.GetBytes(label, destination[written..]);
        }
        destination[written++] = 0;
        return written;
    }

    /// <summary>Whether the name is the domain or lies below it.</summary>
    internal static bool IsWithin(string name, string domain) =>
        name.EndsWith(domain, StringComparison.Ordinal) && (name.Length == domain.Length || name[^(domain.Length + 1)] == '.');

    private static void AppendLabel(Span<char> text, ref int length, ReadOnlySpan<byte> label)
    {
        if (length > 0) text[length++] = '.';
        foreach (byte value in label)
        {
            if (value is <= (byte)' ' or >= 127 or (byte)'.' or (byte)'\\')
            {
                text[length++] = '\\';
                text[length++] = (char)('0' + value / 100);
                text[length++] = (char)('0' + value / 10 % 10);
                text[length++] = (char)('0' + value % 10);
                continue;
            }
            text[length++] = (char)(value is >= (byte)'A' and <= (byte)'Z' ? value | 0x20 : value);
        }
    }
}
