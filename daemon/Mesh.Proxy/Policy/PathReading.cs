using System.Buffers;

namespace Mesh.Proxy.Policy;

/// <summary>What an application may take a path for: without escapes that need not be, dot segments (RFC 3986 6.2.2), empty segments, backslashes and parameters of segments.</summary>
internal static class PathReading
{
    private static readonly SearchValues<byte> Doubtful = SearchValues.Create("%\\;"u8);

    private static readonly SearchValues<byte> Decoded =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/\\"u8);

    /// <summary>Everybody reads it alike.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> path) => !path.ContainsAny(Doubtful) && path.IndexOf("//"u8) < 0 && path.IndexOf("/."u8) < 0;

    /// <param name="path">Beginning with /.</param>
    /// <param name="plain">At least as long as the path.</param>
    /// <returns>Bytes written.</returns>
    public static int Simplify(ReadOnlySpan<byte> path, Span<byte> plain)
    {
        int length = 0;
        bool parameter = false;
        while (!path.IsEmpty)
        {
            byte next = Take(ref path);
            if (next is (byte)'/' or (byte)'\\')
            {
                length = EndSegment(plain, length);
                if (length == 0 || plain[length - 1] != '/') plain[length++] = (byte)'/';
                parameter = false;
            }
            else if (next == ';') parameter = true;
            else if (!parameter) plain[length++] = next;
        }
        return EndSegment(plain, length);
    }

    /// <summary>Dot segments go, with the one before where there are two dots; what is left then ends with its slash.</summary>
    private static int EndSegment(ReadOnlySpan<byte> plain, int length)
    {
        int start = plain[..length].LastIndexOf((byte)'/') + 1;
        var segment = plain[start..length];
        if (segment is [(byte)'.']) return start;
        if (segment is not [(byte)'.', (byte)'.']) return length;
        return start < 2 ? start : plain[..(start - 1)].LastIndexOf((byte)'/') + 1;
    }

    private static byte Take(ref ReadOnlySpan<byte> path)
    {
        byte next = path[0];
        if (next == '%' && path.Length > 2 && char.IsAsciiHexDigit((char)path[1]) && char.IsAsciiHexDigit((char)path[2]))
        {
            byte meant = (byte)(HexValue(path[1]) * 16 + HexValue(path[2]));
            if (Decoded.Contains(meant))
            {
                path = path[3..];
                return meant;
            }
        }
        path = path[1..];
        return next;
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
