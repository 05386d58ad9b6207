using System.Globalization;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Addresses as names of in-addr.arpa (RFC 1035 section 3.5) and ip6.arpa (RFC 3596 section 2.5).</summary>
internal static class ReverseNames
{
    private const string V4Suffix = ".in-addr.arpa", V6Suffix = ".ip6.arpa";
    private const int V6TextLength = 63; // 32 digits with dots between them

    /// <param name="name">Lower case. False unless it is the whole name of one address, written as the standard has it.</param>
    internal static bool TryParse(string name, out Ip address)
    {
        address = default;
        if (name.EndsWith(V4Suffix, StringComparison.Ordinal)) return TryParseV4(name.AsSpan(0, name.Length - V4Suffix.Length), out address);
        return name.EndsWith(V6Suffix, StringComparison.Ordinal) && TryParseV6(name.AsSpan(0, name.Length - V6Suffix.Length), out address);
    }

    /// <summary>The name of the block with these leading bytes.</summary>
    internal static string ZoneOf(ReadOnlySpan<byte> prefix, bool isV4)
    {
        var labels = new List<string>();
        foreach (byte value in prefix)
        {
            if (isV4) labels.Insert(0, value.ToString(CultureInfo.InvariantCulture));
            else labels.InsertRange(0, [$"{value & 0xf:x}", $"{value >> 4:x}"]);
        }
        return string.Join('.', labels) + (isV4 ? V4Suffix : V6Suffix);
    }

    private static bool TryParseV4(ReadOnlySpan<char> text, out Ip address)
    {
        address = default;
        uint value = 0;
        int count = 0;
        foreach (var range in text.Split('.'))
        {
            var label = text[range];
            bool isCanonical = label.Length is 1 or 2 or 3 && (label.Length == 1 || label[0] != '0');
            if (count == 4 || !isCanonical || !byte.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out byte part)) return false;
            value |= (uint)part << 8 * count++;
        }
        address = Ip.FromV4(value);
        return count == 4;
    }

    private static bool TryParseV6(ReadOnlySpan<char> text, out Ip address)
    {
        address = default;
        if (text.Length != V6TextLength) return false;
        Span<byte> bytes = stackalloc byte[16];
        for (int i = 0; i < V6TextLength; i += 2)
        {
            if (!char.IsAsciiHexDigitLower(text[i]) && !char.IsAsciiDigit(text[i]) || i > 0 && text[i - 1] != '.') return false;
            int digit = text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10;
            bytes[15 - i / 4] |= (byte)(i / 2 % 2 == 0 ? digit : digit << 4);
        }
        address = Ip.FromBytes(bytes);
        return true;
    }
}
