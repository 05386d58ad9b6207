using System.Buffers.Binary;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Talking;

internal enum TalkMode : byte
{
    /// <summary>Everything comes back; the server ends when the client has.</summary>
    Echo,

    /// <summary>Both send at once and each ends its own direction when it is done.</summary>
    Both,

    /// <summary>The client sends and half-closes; only then does the server answer.</summary>
    Answer,

    /// <summary>The server breaks off with RST in the middle.</summary>
    ServerReset,

    /// <summary>The client breaks off with RST in the middle; the server must not take that for an end.</summary>
    ClientReset,
}

/// <summary>The first bytes of a conversation over plain bytes: what both sides will do.</summary>
/// <param name="Down">Bytes from the server, of the pattern of the seed.</param>
/// <param name="Up">Bytes from the client after this head, of the pattern of the inverted seed.</param>
/// <param name="ResetAt">After how many bytes of its direction the side that resets does so.</param>
internal readonly record struct TalkHead(TalkMode Mode, ulong Seed, long Down, long Up, long ResetAt)
{
    public const int Length = 40;

    public ulong UpSeed => ~Seed;

    public static TalkHead Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes[..4].SequenceEqual("SOAK"u8)) throw new WrongException($"a conversation begins with {Convert.ToHexStringLower(bytes[..Length])}");
        return new((TalkMode)bytes[4], BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
    }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        "SOAK"u8.CopyTo(bytes);
        bytes[4] = (byte)Mode;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Seed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Down);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Up);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), ResetAt);
        return bytes;
    }
}
