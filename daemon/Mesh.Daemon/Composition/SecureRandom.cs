using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mesh.Daemon.Composition;

/// <summary>Numbers that cannot be foretold from those before: ids of questions, whose answers anybody may try to forge. One thread.</summary>
internal sealed class SecureRandom : Random
{
    private readonly byte[] bytes = new byte[256];
    private int used = 256;

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxValue);
        if (used == bytes.Length)
        {
            RandomNumberGenerator.Fill(bytes);
            used = 0;
        }
        ulong draw = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(used));
        used += sizeof(ulong);
        return (int)(draw % (ulong)maxValue); // 64 bits: the bias is below 2^-32
    }
}
