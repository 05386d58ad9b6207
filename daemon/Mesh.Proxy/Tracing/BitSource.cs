using System.Runtime.InteropServices;

namespace Mesh.Proxy.Tracing;

/// <summary>Random bits of one loop (xoshiro256**): cheap enough to ask for every request, with a state large enough that no two loops of a
/// mesh make the same trace ids. Not for secrets.</summary>
public sealed class BitSource
{
    private ulong a, b, c, d;

    public BitSource(Random seed)
    {
        Span<ulong> state = stackalloc ulong[4];
        seed.NextBytes(MemoryMarshal.AsBytes(state));
        (a, b, c, d) = (state[0], state[1], state[2], state[3] | 1); // all zero would stay zero
    }

    public uint Next32() => (uint)(Next64() >> 32);

    public ulong Next64()
    {
        ulong result = ulong.RotateLeft(b * 5, 7) * 9;
        ulong shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = ulong.RotateLeft(d, 45);
        return result;
    }
}
