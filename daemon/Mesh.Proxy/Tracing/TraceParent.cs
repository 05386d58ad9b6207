using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Mesh.Proxy.Tracing;

/// <summary>The header traceparent (W3C Trace Context 3.2): version-traceid-parentid-flags.</summary>
internal static class TraceParent
{
    public const int Length = 55;
    private const byte Sampled = 1, RandomId = 2;

    /// <param name="traceId">32 digits, a part of the value.</param>
    /// <returns>False for everything that the specification says restarts the trace.</returns>
    public static bool TryParse(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> traceId, out byte flags)
    {
        traceId = default;
        flags = 0;
        if (value.Length < Length || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
        if (!Hex.IsLower(value[..2]) || value.StartsWith("ff"u8)) return false;
        // A later version may append fields; this one has none.
        if (value.Length > Length && (value.StartsWith("00"u8) || value[Length] != '-')) return false;
        if (!Hex.IsId(value[3..35]) || !Hex.IsId(value[36..52]) || !Hex.IsLower(value[53..55])) return false;
        traceId = value[3..35];
        Utf8Parser.TryParse(value[53..55], out flags, out _, 'x');
        return true;
    }

    /// <param name="text">55 bytes.</param>
    /// <param name="flags">Those that this version knows are kept.</param>
    public static void Write(Span<byte> text, ReadOnlySpan<byte> traceId, ulong parentId, byte flags)
    {
        "00-"u8.CopyTo(text);
        traceId.CopyTo(text[3..]);
        text[35] = text[52] = (byte)'-';
        Hex.Write(parentId, text[36..]);
        text[53] = (byte)'0';
        text[54] = (byte)('0' + (flags & (Sampled | RandomId)));
    }

    public static byte FlagsOf(bool sampled) => sampled ? Sampled : (byte)0;
}

internal static class Hex
{
    private static readonly SearchValues<byte> Lower = SearchValues.Create("0123456789abcdef"u8);

    public static bool IsLower(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(Lower) < 0;

    /// <summary>All zeros is no id.</summary>
    public static bool IsId(ReadOnlySpan<byte> text) => IsLower(text) && text.IndexOfAnyExcept((byte)'0') >= 0;

    /// <summary>16 digits.</summary>
    public static void Write(ulong value, Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Convert.TryToHexStringLower(bytes, text, out _);
    }
}
