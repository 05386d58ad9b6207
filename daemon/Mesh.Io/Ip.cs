using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Io;

/// <summary>An IPv4 or IPv6 address as a value. IPv4 is held in its mapped form (::ffff:a.b.c.d), so that a dual-stack
/// socket and an IPv4 socket name the same peer with equal values.</summary>
public readonly record struct Ip
{
    private const ulong MappedPrefix = 0xFFFF_0000_0000UL;
    private readonly ulong high;
    private readonly ulong low;

    private Ip(ulong high, ulong low) => (this.high, this.low) = (high, low);

    public static Ip AnyV4 => FromV4(0);
    public static Ip AnyV6 => default;
    public static Ip LoopbackV4 => FromV4(0x7F00_0001);
    public static Ip LoopbackV6 => new(0, 1);

    public bool IsV4 => high == 0 && (low & 0xFFFF_FFFF_0000_0000UL) == MappedPrefix;
    public bool IsAny => (high | low) == 0 || low == MappedPrefix && high == 0;
    public bool IsLoopback => IsV4 ? ((uint)low >> 24) == 127 : high == 0 && low == 1;

    /// <param name="value">Host order: 127.0.0.1 is 0x7F000001.</param>
    public static Ip FromV4(uint value) => new(0, MappedPrefix | value);

    /// <param name="networkOrder">4 or 16 bytes.</param>
    public static Ip FromBytes(ReadOnlySpan<byte> networkOrder) => networkOrder.Length switch
    {
        4 => FromV4(BinaryPrimitives.ReadUInt32BigEndian(networkOrder)),
        16 => new(BinaryPrimitives.ReadUInt64BigEndian(networkOrder), BinaryPrimitives.ReadUInt64BigEndian(networkOrder[8..])),
        _ => throw new ArgumentException($"an address has 4 or 16 bytes, not {networkOrder.Length}", nameof(networkOrder)),
    };

    public static Ip From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int written);
        return FromBytes(bytes[..written]);
    }

    /// <summary>Accepts what <see cref="IPAddress"/> accepts, except IPv6 scopes and short IPv4 forms.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ip address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out var parsed) || text.Contains('%')) return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork && text.Count('.') != 3) return false;
        address = From(parsed);
        return true;
    }

    public static Ip Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an IP address");

    /// <summary>Writes 4 bytes for IPv4 and 16 for IPv6, network order; returns how many.</summary>
    public int WriteBytes(Span<byte> destination)
    {
        if (IsV4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)low);
            return 4;
        }
        WriteV6Bytes(destination);
        return 16;
    }

    /// <summary>Writes 16 bytes, IPv4 in its mapped form.</summary>
    public void WriteV6Bytes(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], low);
    }

    public byte[] ToBytes()
    {
        Span<byte> bytes = stackalloc byte[16];
        return bytes[..WriteBytes(bytes)].ToArray();
    }

    public IPAddress ToIPAddress() => new(ToBytes());

    /// <summary>Room for any address as text.</summary>
    public const int MaxTextLength = 45;

    /// <summary>The text of <see cref="ToString"/> in ASCII, for IPv4 without an allocation; returns its length.</summary>
    public int WriteText(Span<byte> destination)
    {
        int length = 0;
        if (!IsV4)
        {
            ToIPAddress().TryFormat(destination, out length);
            return length;
        }
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            Utf8Formatter.TryFormat((byte)((uint)low >> shift), destination[length..], out int digits);
            length += digits;
            if (shift > 0) destination[length++] = (byte)'.';
        }
        return length;
    }

    public override string ToString() => ToIPAddress().ToString();
}

/// <summary>An address and a port. Printed as in a URI authority: 10.0.0.1:80, [fd00::1]:80.</summary>
public readonly record struct IpPort(Ip Address, ushort Port)
{
    public static bool TryParse(ReadOnlySpan<char> text, out IpPort value)
    {
        value = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], System.Globalization.NumberStyles.None, null, out ushort port)) return false;
        var host = text[..colon];
        bool bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        if (bracketed) host = host[1..^1];
        if (!Ip.TryParse(host, out var address) || bracketed == address.IsV4) return false;
        value = new(address, port);
        return true;
    }

    public static IpPort Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is not address:port");

    public IPEndPoint ToIPEndPoint() => new(Address.ToIPAddress(), Port);

    [SuppressMessage("Globalization", "CA1305", Justification = "numbers are written invariant")]
    public override string ToString() => Address.IsV4 ? $"{Address}:{Port}" : $"[{Address}]:{Port}";
}
