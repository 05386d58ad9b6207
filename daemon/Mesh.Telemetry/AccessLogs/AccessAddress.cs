using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>An address and port as a record keeps them: 16 bytes in network order, IPv4 in its mapped form.</summary>
public struct AccessAddress
{
    /// <summary>[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535</summary>
    internal const int MaxText = 48;

    private Bytes16 bytes;
    private readonly ushort port;

    /// <param name="v6Bytes">16 bytes.</param>
    public AccessAddress(ReadOnlySpan<byte> v6Bytes, ushort port)
    {
        v6Bytes[..16].CopyTo(bytes);
        (this.port, IsKnown) = (port, true);
    }

    public bool IsKnown { get; }

    /// <summary>1.2.3.4:80 or [fd00::1]:80 (RFC 5952).</summary>
    /// <param name="text">At least <see cref="MaxText"/> bytes.</param>
    /// <returns>How many bytes were written; 0 when the address is not known.</returns>
    internal readonly int Format(Span<byte> text)
    {
        if (!IsKnown) return 0;
        ReadOnlySpan<byte> address = bytes;
        int length = IsMapped(address) ? FormatV4(address[12..], text) : FormatV6(address, text);
        text[length++] = (byte)':';
        return length + Number(port, text[length..]);
    }

    private static bool IsMapped(ReadOnlySpan<byte> address) =>
        address[..10].IndexOfAnyExcept((byte)0) < 0 && address[10] == 0xFF && address[11] == 0xFF;

    private static int FormatV4(ReadOnlySpan<byte> address, Span<byte> text)
    {
        int length = 0;
        foreach (byte part in address)
        {
            if (length > 0) text[length++] = (byte)'.';
            length += Number(part, text[length..]);
        }
        return length;
    }

    private static int FormatV6(ReadOnlySpan<byte> address, Span<byte> text)
    {
        var (zeros, end) = LongestZeros(address);
        int length = 0;
        text[length++] = (byte)'[';
        for (int i = 0; i < 8; i++)
        {
            if (i == zeros)
            {
                "::"u8.CopyTo(text[length..]);
                length += 2;
                i = end - 1;
                continue;
            }
            if (i > 0 && i != end) text[length++] = (byte)':';
            Utf8Formatter.TryFormat(Group(address, i), text[length..], out int digits, new('x'));
            length += digits;
        }
        text[length++] = (byte)']';
        return length;
    }

    /// <summary>The first longest run of at least two zero groups.</summary>
    private static (int Start, int End) LongestZeros(ReadOnlySpan<byte> address)
    {
        (int start, int end) = (-1, -1);
        for (int i = 0; i < 8; i++)
        {
            int from = i;
            while (i < 8 && Group(address, i) == 0) i++;
            if (i - from >= 2 && i - from > end - start) (start, end) = (from, i);
        }
        return (start, end);
    }

    private static ushort Group(ReadOnlySpan<byte> address, int index) => (ushort)(address[2 * index] << 8 | address[2 * index + 1]);

    private static int Number(uint value, Span<byte> text)
    {
        Utf8Formatter.TryFormat(value, text, out int length);
        return length;
    }

    [InlineArray(16)]
    private struct Bytes16
    {
        private byte element;
    }
}
