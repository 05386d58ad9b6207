using System.Buffers;

namespace Mesh.Http.Http1;

/// <summary>Whether first bytes are an HTTP/1 request: an upper-case method of at most 20 letters, a space, and something that can start a target.</summary>
public static class Http1Detection
{
    private const int LongestMethod = 20;

    private static readonly SearchValues<byte> MethodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-"u8);

    /// <returns>Null while more bytes are needed.</returns>
    public static bool? IsHttp1(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[LongestMethod + 2];
        int length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        var bytes = (ReadOnlySpan<byte>)start[..length];
        if (bytes.StartsWith("PRI * HTTP/2"u8)) return false;
        int methodEnd = bytes.IndexOfAnyExcept(MethodBytes);
        if (methodEnd < 0) return length > LongestMethod ? false : null;
        if (methodEnd < 3 || bytes[methodEnd] != ' ') return false;
        if (methodEnd + 1 == length) return null;
        return bytes[methodEnd + 1] is (byte)'/' or (byte)'*' or (byte)'h' or (byte)'H';
    }
}
