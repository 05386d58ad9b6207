using System.Buffers.Binary;
using System.Numerics;

namespace Mesh.Http.Hpack;

/// <summary>The fixed code of RFC 7541 appendix B. It is canonical: codes ascend by length, then by symbol, so the lengths say it all.
/// Decoding looks up ten bits at a time; the longer codes belong to bytes that are rare in header fields.</summary>
internal static class Huffman
{
    private const int LookupBits = 10;
    private const int MaxBits = 30;
    private const int LengthBits = 5;
    private const int EndOfString = 256;
    private const int SymbolCount = 257;

    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // By symbol: code << 5 | length, what encoding needs in one look.
    private static readonly ulong[] Codes = new ulong[SymbolCount];

    // Symbols in order of their codes; per length, where its first symbol stands there, and its first code.
    private static readonly ushort[] Ordered = new ushort[SymbolCount];
    private static readonly int[] FirstIndex = new int[MaxBits + 2];
    private static readonly uint[] FirstCode = new uint[MaxBits + 2];

    // By the next ten bits: symbol << 4 | length; 0 where the code is longer.
    private static readonly ushort[] Lookup = new ushort[1 << LookupBits];

    static Huffman()
    {
        uint code = 0;
        int ordered = 0;
        for (int length = 1; length <= MaxBits; length++)
        {
            (FirstIndex[length], FirstCode[length]) = (ordered, code);
            for (int symbol = 0; symbol < SymbolCount; symbol++)
            {
                if (Lengths[symbol] != length) continue;
                Ordered[ordered++] = (ushort)symbol;
                Codes[symbol] = (ulong)code << LengthBits | (uint)length;
                if (length <= LookupBits)
                {
                    int spare = LookupBits - length;
                    Lookup.AsSpan((int)(code << spare), 1 << spare).Fill((ushort)(symbol << 4 | length));
                }
                code++;
            }
            code <<= 1;
        }
        FirstIndex[MaxBits + 1] = ordered;
    }

    public static int EncodedLength(ReadOnlySpan<byte> text)
    {
        long bits = 0;
        foreach (byte symbol in text) bits += Lengths[symbol];
        return (int)((bits + 7) / 8);
    }

    /// <param name="destination">At least <see cref="EncodedLength"/> bytes.</param>
    public static void Encode(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        ulong pending = 0; // its lowest bits
        int pendingBits = 0;
        foreach (byte symbol in text)
        {
            ulong entry = Codes[symbol];
            int length = (int)(entry & (1 << LengthBits) - 1);
            pending = pending << length | entry >> LengthBits;
            pendingBits += length;
            if (pendingBits < 32) continue;
            pendingBits -= 32;
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(pending >> pendingBits));
            destination = destination[4..];
        }
        for (int i = 0; pendingBits > 0; i++, pendingBits -= 8)
            destination[i] = pendingBits >= 8 ? (byte)(pending >> pendingBits - 8) : (byte)(pending << 8 - pendingBits | 0xFFu >> pendingBits);
    }

    /// <summary>The longest text that so many coded bytes can hold: the shortest code has five bits.</summary>
    public static int MaxDecodedLength(int encodedLength) => (int)(encodedLength * 8L / 5);

    /// <param name="destination">At least <see cref="MaxDecodedLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="HpackException">The coded text contains EOS, or its padding is not the start of EOS, or has a whole byte (5.2).</exception>
    public static int Decode(ReadOnlySpan<byte> coded, Span<byte> destination)
    {
        ulong bits = 0; // the next bits, left-aligned
        int available = 0;
        int read = 0;
        int written = 0;
        while (true)
        {
            while (available <= 56 && read < coded.Length)
            {
                bits |= (ulong)coded[read++] << 56 - available;
                available += 8;
            }
            int entry = Lookup[bits >> 64 - LookupBits];
            int symbol = entry >> 4;
            int length = entry & 15;
            if (length == 0) (symbol, length) = FindLong((uint)(bits >> 32));
            if (length > available || symbol == EndOfString) break;
            destination[written++] = (byte)symbol;
            bits <<= length;
            available -= length;
        }
        // What is left must be fewer than eight bits, all ones.
        if (available > 7 || BitOperations.LeadingZeroCount(~bits) < available) throw BadPadding();
        return written;
    }

    private static (int Symbol, int Length) FindLong(uint next)
    {
        for (int length = LookupBits + 1; length <= MaxBits; length++)
        {
            uint offset = (next >> 32 - length) - FirstCode[length];
            if (offset < FirstIndex[length + 1] - FirstIndex[length]) return (Ordered[FirstIndex[length] + (int)offset], length);
        }
        return (EndOfString, MaxBits);
    }

    private static HpackException BadPadding() => new("a Huffman-coded string contains EOS or is padded wrongly (RFC 7541 5.2)");
}
