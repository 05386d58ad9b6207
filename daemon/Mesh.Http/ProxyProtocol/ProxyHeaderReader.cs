using System.Buffers;

namespace Mesh.Http.ProxyProtocol;

/// <summary>Reads the header of the PROXY protocol, version 1 or 2, from the start of a connection. Never guesses: whoever calls has decided that
/// there must be one.</summary>
public static class ProxyHeaderReader
{
    /// <summary>Of a header with its TLVs. The protocol allows 64 KiB; what proxies send stays below 1 KiB.</summary>
    public const int MaxBytes = 4096;

    internal static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="length">Bytes of the header, when it is whole.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="ProxyHeaderException">It is no header, or a malformed one; told as early as it shows.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        if (buffer.IsEmpty) return false;
        int come = (int)Math.Min(buffer.Length, MaxBytes);
        if (buffer.FirstSpan.Length >= come) return TryRead(buffer.FirstSpan[..come], out header, out length);
        Span<byte> gathered = stackalloc byte[MaxBytes];
        buffer.Slice(0, come).CopyTo(gathered);
        return TryRead(gathered[..come], out header, out length);
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        if (bytes[0] == Signature[0]) return ProxyHeaderV2.TryRead(bytes, out header, out length);
        if (bytes[0] == ProxyHeaderV1.Prefix[0]) return ProxyHeaderV1.TryRead(bytes, out header, out length);
        throw new ProxyHeaderException("the connection does not begin with a PROXY header");
    }
}
