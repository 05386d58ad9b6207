using System.Security.Cryptography;

namespace Mesh.Control.State;

/// <summary>A stored value with its checksum: eight bytes of name and format version, SHA-256 of the rest, the rest.
/// A file that was cut off, emptied by a crash or edited is known by it.</summary>
internal static class StateEnvelope
{
    private const int HeaderBytes = 8 + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "MESHST01"u8;

    public static byte[] Seal(ReadOnlySpan<byte> value)
    {
        byte[] sealedValue = new byte[HeaderBytes + value.Length];
        Magic.CopyTo(sealedValue);
        SHA256.HashData(value, sealedValue.AsSpan(Magic.Length));
        value.CopyTo(sealedValue.AsSpan(HeaderBytes));
        return sealedValue;
    }

    /// <returns>False: damaged, or not a stored value of this format.</returns>
    public static bool TryOpen(ReadOnlyMemory<byte> sealedValue, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (sealedValue.Length < HeaderBytes || !sealedValue.Span.StartsWith(Magic)) return false;
        var content = sealedValue[HeaderBytes..];
        if (!SHA256.HashData(content.Span).AsSpan().SequenceEqual(sealedValue.Span[Magic.Length..HeaderBytes])) return false;
        value = content;
        return true;
    }
}
