using System.Buffers;

namespace Mesh.Http.Resp;

/// <summary>Whether first bytes are a Redis client's: an array of bulk strings. Inline commands are words like those of many protocols and are not guessed.</summary>
public static class RespDetection
{
    /// <summary>"*", a count, CR LF, "$", a length, CR LF and the first letter of a name.</summary>
    private const int Enough = 1 + 10 + 2 + 1 + 2 + 2 + 1;

    /// <returns>Null while more bytes are needed.</returns>
    public static bool? IsResp(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Enough];
        int length = (int)Math.Min(buffer.Length, Enough);
        buffer.Slice(0, length).CopyTo(start);
        var rest = (ReadOnlySpan<byte>)start[..length];
        return Number(ref rest, (byte)'*', 10) is not true and var count ? count
            : Number(ref rest, (byte)'$', 2) is not true and var name ? name
            : rest.IsEmpty ? null : char.IsAsciiLetter((char)rest[0]);
    }

    private static bool? Number(ref ReadOnlySpan<byte> rest, byte sign, int maxDigits)
    {
        if (rest.IsEmpty) return null;
        if (rest[0] != sign) return false;
        int digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) return rest.Length - 1 > maxDigits ? false : null;
        if (digits == 0 || digits > maxDigits || rest[1] == '0') return false;
        rest = rest[(1 + digits)..];
        if (!"\r\n"u8.StartsWith(rest[..Math.Min(2, rest.Length)])) return false;
        if (rest.Length < 2) return null;
        rest = rest[2..];
        return true;
    }
}
