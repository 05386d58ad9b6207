using System.Buffers;
using System.Text;

namespace Mesh.Http;

/// <summary>host[:port] of RFC 3986 3.2.2, strictly: a name, an IPv4 address or an IPv6 address in brackets, and a port of digits. A comma, which names may
/// have by the letter, looks like a list of two hosts and is refused.</summary>
public static class HostSyntax
{
    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~!$&'()*+;=%"u8);

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("0123456789ABCDEFabcdef:."u8);

    /// <summary>Empty is no host: an http URI needs one (RFC 9110 4.2.1).</summary>
    public static bool IsHostAndPort(ReadOnlySpan<byte> text)
    {
        int end = HostEnd(text);
        return end > 0 && (end == text.Length || IsPort(text[end..]));
    }

    /// <summary>The same place, whatever the case, and with or without the port that http means anyway.</summary>
    public static bool AreSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(WithoutDefaultPort(one), WithoutDefaultPort(other));

    /// <returns>0: there is none.</returns>
    private static int HostEnd(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'[', ..])
        {
            int colon = text.IndexOf((byte)':');
            var name = colon < 0 ? text : text[..colon];
            return name.ContainsAnyExcept(NameBytes) || !AreEscapesWhole(name) ? 0 : name.Length;
        }
        int close = text.IndexOf((byte)']');
        return close < 3 || text[1..close].ContainsAnyExcept(AddressBytes) || !text[1..close].Contains((byte)':') ? 0 : close + 1;
    }

    private static bool IsPort(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 2 or > 6 || text[0] != ':') return false;
        int port = 0;
        foreach (byte digit in text[1..])
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            port = port * 10 + digit - '0';
        }
        return port <= ushort.MaxValue;
    }

    private static bool AreEscapesWhole(ReadOnlySpan<byte> name)
    {
        for (int at = name.IndexOf((byte)'%'); at >= 0; at = name.IndexOf((byte)'%'))
        {
            if (at + 2 >= name.Length || !char.IsAsciiHexDigit((char)name[at + 1]) || !char.IsAsciiHexDigit((char)name[at + 2])) return false;
            name = name[(at + 3)..];
        }
        return true;
    }

    private static ReadOnlySpan<byte> WithoutDefaultPort(ReadOnlySpan<byte> text) => text.EndsWith(":80"u8) ? text[..^3] : text;
}
