using System.Buffers;
using System.Buffers.Binary;

namespace Mesh.Http;

/// <summary>Counts the length-prefixed messages of a body as its bytes go by: a flag byte, four bytes of length, the message. Knows nothing of what is in them.</summary>
public sealed class GrpcMessages
{
    private const int PrefixBytes = 5;

    private readonly byte[] prefix = new byte[PrefixBytes];
    private int prefixSeen;
    private long remaining;

    /// <summary>Messages that have begun.</summary>
    public long Count { get; private set; }

    public void Reset() => (prefixSeen, remaining, Count) = (0, 0, 0);

    public void Read(in ReadOnlySequence<byte> bytes)
    {
        foreach (var part in bytes) Read(part.Span);
    }

    private void Read(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (remaining > 0)
            {
                int skipped = (int)Math.Min(remaining, bytes.Length);
                remaining -= skipped;
                bytes = bytes[skipped..];
                continue;
            }
            int taken = Math.Min(PrefixBytes - prefixSeen, bytes.Length);
            bytes[..taken].CopyTo(prefix.AsSpan(prefixSeen));
            prefixSeen += taken;
            bytes = bytes[taken..];
            if (prefixSeen < PrefixBytes) return;
            prefixSeen = 0;
            remaining = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
            Count++;
        }
    }
}
