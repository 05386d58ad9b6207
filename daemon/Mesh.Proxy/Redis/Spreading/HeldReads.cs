using System.Buffers;
using System.Buffers.Binary;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>Commands that a replica has got and not answered, byte for byte, so that the primary can be asked instead. Holds no memory while it is empty.</summary>
internal sealed class HeldReads
{
    /// <summary>A longer command goes to the primary. Large enough for an MGET of a few hundred keys.</summary>
    public const int MaxCommandBytes = 16 * 1024;

    /// <summary>Of all that is not answered; more waits until there is room.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int LengthBytes = sizeof(int);
    private const int FirstRoom = 1024;

    private byte[] bytes = [];
    private int head;
    private int tail;

    public int Count { get; private set; }

    /// <summary>The oldest; only while there is one.</summary>
    public ReadOnlySpan<byte> First => bytes.AsSpan(head + LengthBytes, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(head)));

    public bool Fits(long length) => tail - head + LengthBytes + length <= MaxBytes;

    /// <param name="command">One that fits.</param>
    public void Add(in ReadOnlySequence<byte> command)
    {
        int length = (int)command.Length;
        if (tail + LengthBytes + length > bytes.Length) MakeRoom(LengthBytes + length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(tail), length);
        command.CopyTo(bytes.AsSpan(tail + LengthBytes));
        tail += LengthBytes + length;
        Count++;
    }

    public void TakeFirst()
    {
        head += LengthBytes + First.Length;
        if (--Count == 0) Clear();
    }

    public void Clear()
    {
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        (bytes, head, tail, Count) = ([], 0, 0, 0);
    }

    /// <summary>Moves what is left to the front only where that makes as much room as it moves.</summary>
    private void MakeRoom(int more)
    {
        int live = tail - head;
        var from = bytes.AsSpan(head, live);
        var room = 2 * (live + more) <= bytes.Length ? bytes : ArrayPool<byte>.Shared.Rent(Math.Max(FirstRoom, 2 * (live + more)));
        from.CopyTo(room);
        if (room != bytes && bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        (bytes, head, tail) = (room, 0, live);
    }
}
