using System.Buffers.Binary;

namespace Mesh.Soak.Bodies;

/// <summary>Bytes that tell whose they are and where: any piece of a seed's endless stream can be made alone, so that a lost, doubled, swapped or foreign
/// byte is found wherever the pieces begin.</summary>
internal static class Pattern
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    public static void Fill(ulong seed, long offset, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (int at = 0; at < bytes.Length;)
        {
            ulong value = Mix(seed + (ulong)((offset + at) / 8 + 1) * Golden);
            int skip = (int)((offset + at) % 8);
            if (skip == 0 && bytes.Length - at >= 8)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], value);
                at += 8;
                continue;
            }
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            int count = Math.Min(8 - skip, bytes.Length - at);
            word.Slice(skip, count).CopyTo(bytes[at..]);
            at += count;
        }
    }

    public static byte[] Make(ulong seed, int length)
    {
        byte[] bytes = new byte[length];
        Fill(seed, 0, bytes);
        return bytes;
    }

    /// <summary>SplitMix64: a different, evenly spread number for every input.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
