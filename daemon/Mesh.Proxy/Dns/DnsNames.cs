using System.Text;

namespace Mesh.Proxy.Dns;

/// <summary>Names on the wire (RFC 1035 section 4.1.4).</summary>
internal static class DnsNames
{
    /// <summary>Reads a name that may be compressed. Every pointer must lead to an earlier place than the one before, so reading ends.</summary>
    /// <param name="offset">Moved behind the name.</param>
    /// <param name="name">Lower case without the final dot, empty for the root. Bytes that are not plain letters of a name appear as \DDD, so that
    /// a label with a dot in it equals no name of dotted labels.</param>
    internal static bool TryRead(ReadOnlySpan<byte> message, ref int offset, out string name)
    {
        name = "";
        var text = new StringBuilder();
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
            AppendLabel(text, message.Slice(position + 1, length));
            position += 1 + length;
        }
        if (!jumped) offset = position + 1;
        name = text.ToString();
        return true;
    }

    /// <summary>Writes plain lower case labels; returns the length.</summary>
    internal static int Write(string name, Span<byte> destination)
    {
        int written = 0;
        foreach (var range in name.AsSpan().Split('.'))
        {
            var label = name.AsSpan(range);
            destination[written++] = (byte)label.Length;
            written += Encoding.ASCII.GetBytes(label, destination[written..]);
        }
        destination[written++] = 0;
        return written;
    }

    private static void AppendLabel(StringBuilder text, ReadOnlySpan<byte> label)
    {
        if (text.Length > 0) text.Append('.');
        foreach (byte value in label)
        {
            if (value is <= (byte)' ' or >= 127 or (byte)'.' or (byte)'\\') text.Append('\\').Append(value.ToString("D3"));
            else text.Append((char)(value is >= (byte)'A' and <= (byte)'Z' ? value | 0x20 : value));
        }
    }
}
