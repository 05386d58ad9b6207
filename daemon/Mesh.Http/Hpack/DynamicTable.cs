using System.Buffers.Binary;

namespace Mesh.Http.Hpack;

/// <summary>The fields that one direction of a connection remembers (RFC 7541 2.3.2, 4). Index 0 is the newest.
/// Bytes lie one after another in one array and move to its front when it is full, which costs each byte at most one move.</summary>
internal sealed class DynamicTable
{
    private const int EntryOverhead = 32; // 4.1

    private byte[] bytes = [];
    private int bytesStart;
    private int bytesEnd;
    private Entry[] ring = new Entry[16];
    private uint[] hashes = new uint[16];
    private int first; // ring position of the oldest entry

    private readonly record struct Entry(int Offset, int NameLength, int ValueLength)
    {
        public int Size => NameLength + ValueLength + EntryOverhead;
    }

    public DynamicTable(int maxSize) => MaxSize = maxSize;

    public int Count { get; private set; }

    /// <summary>In the measure of 4.1: bytes of names and values plus 32 per entry.</summary>
    public int Size { get; private set; }

    public int MaxSize { get; private set; }

    public ReadOnlySpan<byte> Name(int index)
    {
        ref readonly var entry = ref EntryAt(index);
        return bytes.AsSpan(entry.Offset, entry.NameLength);
    }

    public ReadOnlySpan<byte> Value(int index)
    {
        ref readonly var entry = ref EntryAt(index);
        return bytes.AsSpan(entry.Offset + entry.NameLength, entry.ValueLength);
    }

    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        EvictUntil(maxSize);
    }

    /// <summary>Adds the field and evicts the oldest to make room; one that is larger than the table empties it (4.4).
    /// The spans must not point into this table.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint hash = 0)
    {
        long size = (long)name.Length + value.Length + EntryOverhead;
        if (size > MaxSize)
        {
            EvictUntil(0);
            return;
        }
        EvictUntil(MaxSize - (int)size);
        int length = name.Length + value.Length;
        ReserveBytes(length);
        ReserveEntry();
        name.CopyTo(bytes.AsSpan(bytesEnd));
        value.CopyTo(bytes.AsSpan(bytesEnd + name.Length));
        int position = (first + Count) & ring.Length - 1;
        ring[position] = new Entry(bytesEnd, name.Length, value.Length);
        hashes[position] = hash;
        bytesEnd += length;
        Count++;
        Size += (int)size;
    }

    /// <summary>Index of the newest entry with that name and value, -1 if there is none.</summary>
    public int Find(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint hash)
    {
        for (int index = 0; index < Count; index++)
        {
            if (hashes[Position(index)] == hash && Value(index).SequenceEqual(value) && Name(index).SequenceEqual(name)) return index;
        }
        return -1;
    }

    /// <summary>For <see cref="Find"/>. Collisions cost a comparison, nothing else.</summary>
    public static uint Hash(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Mix(Mix(2166136261u, name), value);

    private static uint Mix(uint hash, ReadOnlySpan<byte> text)
    {
        while (text.Length >= 4)
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt32LittleEndian(text)) * 0x9E3779B1u;
            hash ^= hash >> 15;
            text = text[4..];
        }
        foreach (byte value in text) hash = (hash ^ value) * 16777619u;
        return hash;
    }

    private int Position(int index) => (first + Count - 1 - index) & ring.Length - 1;

    private ref readonly Entry EntryAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return ref ring[Position(index)];
    }

    private void EvictUntil(int size)
    {
        while (Size > size)
        {
            ref var oldest = ref ring[first];
            Size -= oldest.Size;
            bytesStart = oldest.Offset + oldest.NameLength + oldest.ValueLength;
            first = (first + 1) & ring.Length - 1;
            Count--;
        }
        if (Count == 0) bytesStart = bytesEnd = 0;
    }

    private void ReserveBytes(int length)
    {
        if (bytesEnd + length <= bytes.Length) return;
        int live = bytesEnd - bytesStart;
        byte[] target = bytes;
        if (bytes.Length < 2 * (live + length)) target = new byte[Math.Max(512, 2 * (live + length))];
        bytes.AsSpan(bytesStart, live).CopyTo(target);
        for (int i = 0; i < Count; i++)
        {
            ref var entry = ref ring[(first + i) & ring.Length - 1];
            entry = entry with { Offset = entry.Offset - bytesStart };
        }
        (bytes, bytesStart, bytesEnd) = (target, 0, live);
    }

    private void ReserveEntry()
    {
        if (Count < ring.Length) return;
        var largerRing = new Entry[ring.Length * 2];
        uint[] largerHashes = new uint[ring.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            int from = (first + i) & ring.Length - 1;
            (largerRing[i], largerHashes[i]) = (ring[from], hashes[from]);
        }
        (ring, hashes, first) = (largerRing, largerHashes, 0);
    }
}
