using System.Buffers;

namespace Mesh.Http.Http2;

/// <summary>What a client sends before its first frame (RFC 9113 3.4).</summary>
public static class Preface
{
    public static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>True: the input begins with it. False: it cannot. Null: more bytes are needed to tell.</summary>
    public static bool? Match(in ReadOnlySequence<byte> input)
    {
        Span<byte> start = stackalloc byte[Bytes.Length];
        int length = (int)Math.Min(input.Length, Bytes.Length);
        input.Slice(0, length).CopyTo(start);
        if (!Bytes.StartsWith(start[..length])) return false;
        return length == Bytes.Length ? true : null;
    }
}
