using System.Buffers.Binary;

namespace Mesh.Tests.Fuzz;

/// <summary>Inputs made from a pool of others. The same seed and iteration give the same input as long as the pool is the same.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> pool, int seed)
{
    /// <summary>Beyond the limits that parsers have for small things, below what makes a run slow.</summary>
    private const int MaxBytes = 24 * 1024;

    private static readonly int[] Integers = [0, 1, -1, 0x7F, 0x80, 0xFF, 0x100, 0x3FFF, 0x4000, 0x7FFF, 0xFFFF, 0x1_0000, int.MaxValue, int.MinValue];

    public byte[] Make(int iteration)
    {
        var random = new Random(HashOf(seed, iteration));
        var bytes = new List<byte>(Pick(random));
        for (int count = 1 << random.Next(4); count > 0; count--) Mutate(bytes, random);
        if (bytes.Count > MaxBytes) bytes.RemoveRange(MaxBytes, bytes.Count - MaxBytes);
        return [.. bytes];
    }

    /// <summary>Not HashCode, which differs from process to process.</summary>
    private static int HashOf(int seed, int iteration) => unchecked((seed * 486187739 + iteration) * 16777619);

    private byte[] Pick(Random random) => pool[random.Next(pool.Count)];

    private void Mutate(List<byte> bytes, Random random)
    {
        int at = random.Next(bytes.Count + 1);
        int length = random.Next(Math.Min(bytes.Count - at, 64) + 1);
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes.InsertRange(at, RandomBytes(random)); break;
            case 3: bytes.RemoveRange(at, length); break;
            case 4: Splice(bytes, at, Pick(random), random); break;
            case 5: Repeat(bytes, at, length, random); break;
            case 6: WriteInteger(bytes, at, random); break;
            default: InsertPiece(bytes, at, Pick(random), random); break;
        }
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(1, 9)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Splice(List<byte> bytes, int at, byte[] other, Random random)
    {
        bytes.RemoveRange(at, bytes.Count - at);
        bytes.AddRange(other.AsSpan(random.Next(other.Length + 1)));
    }

    private static void Repeat(List<byte> bytes, int at, int length, Random random)
    {
        byte[] chunk = [.. bytes.Skip(at).Take(length)];
        for (int times = 1 << random.Next(9); times > 0 && bytes.Count < MaxBytes; times--) bytes.InsertRange(at, chunk);
    }

    private static void InsertPiece(List<byte> bytes, int at, byte[] other, Random random)
    {
        int start = random.Next(other.Length + 1);
        bytes.InsertRange(at, other.AsSpan(start, random.Next(Math.Min(other.Length - start, 64) + 1)));
    }

    private static void WriteInteger(List<byte> bytes, int at, Random random)
    {
        byte[] integer = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(integer, Integers[random.Next(Integers.Length)]);
        int width = 1 << random.Next(3);
        for (int i = 0; i < width && at + i < bytes.Count; i++) bytes[at + i] = integer[4 - width + i];
    }
}
