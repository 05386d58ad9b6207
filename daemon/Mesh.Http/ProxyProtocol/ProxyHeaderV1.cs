using System.Buffers.Text;
using System.Text;
using Mesh.Io;

namespace Mesh.Http.ProxyProtocol;

/// <summary>Version 1: one line of text, <c>PROXY TCP4 source destination port port</c>.</summary>
internal static class ProxyHeaderV1
{
    /// <summary>With CR LF.</summary>
    private const int MaxBytes = 107;

    internal static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        int compared = Math.Min(bytes.Length, Prefix.Length);
        if (!bytes[..compared].SequenceEqual(Prefix[..compared])) throw new ProxyHeaderException("the connection does not begin with a PROXY header");
        var line = bytes[..Math.Min(bytes.Length, MaxBytes)];
        int end = line.IndexOf("\r\n"u8);
        if (end < 0)
        {
            if (bytes.Length < MaxBytes) return false;
            throw new ProxyHeaderException($"a PROXY line does not end within {MaxBytes} bytes");
        }
        length = end + 2;
        header = Parse(line[Prefix.Length..end]);
        return true;
    }

    private static ProxyHeader Parse(ReadOnlySpan<byte> line)
    {
        var protocol = Next(ref line);
        if (protocol.SequenceEqual("UNKNOWN"u8)) return ProxyHeader.Unnamed;
        bool v4 = protocol.SequenceEqual("TCP4"u8);
        if (!v4 && !protocol.SequenceEqual("TCP6"u8)) throw new ProxyHeaderException("a PROXY line names a protocol other than TCP4, TCP6 and UNKNOWN");
        var (source, destination) = (Address(Next(ref line), v4), Address(Next(ref line), v4));
        var (sourcePort, destinationPort) = (Port(Next(ref line)), Port(line));
        return new ProxyHeader(new IpPort(source, sourcePort), new IpPort(destination, destinationPort));
    }

    /// <summary>Up to the next space, which is passed; all that is left when there is none.</summary>
    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        var field = space < 0 ? line : line[..space];
        line = space < 0 ? default : line[(space + 1)..];
        return field;
    }

    private static Ip Address(ReadOnlySpan<byte> text, bool v4)
    {
        Span<char> characters = stackalloc char[MaxBytes];
        int length = Encoding.Latin1.GetChars(text, characters);
        if (Ip.TryParse(characters[..length], out var address) && !text.Contains((byte)'[') && text.Contains((byte)':') != v4 && (!v4 || IsPlain(text))) return address;
        throw new ProxyHeaderException("a PROXY line has an address that is not of its protocol");
    }

    /// <summary>Four decimal numbers without leading zeros, which some readers take as octal.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> text)
    {
        foreach (var part in text.Split((byte)'.'))
        {
            if (text[part].Length > 1 && text[part][0] == '0' || text[part].ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        }
        return true;
    }

    private static ushort Port(ReadOnlySpan<byte> text)
    {
        bool plain = text.Length > 0 && (text.Length == 1 || text[0] != '0') && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        if (plain && Utf8Parser.TryParse(text, out ushort port, out int used) && used == text.Length) return port;
        throw new ProxyHeaderException("a PROXY line has a port that is not a number up to 65535");
    }
}
