namespace Mesh.Http.Hpack;

/// <summary>Header blocks of one direction of a connection into fields (RFC 7541). One per connection, used in order of arrival:
/// every block must pass through it, those of refused streams too, or the tables stop agreeing.</summary>
/// <param name="tableSizeLimit">What we announced as SETTINGS_HEADER_TABLE_SIZE.</param>
internal sealed class HpackDecoder(int tableSizeLimit)
{
    public const int DefaultTableSize = 4096;

    // Larger than any length or index that a bounded block can need: five bytes after the prefix are never right.
    private const int MaxInteger = 1 << 28;
    private const int MaxNameLength = ushort.MaxValue; // what HeaderList holds

    private readonly DynamicTable table = new(Math.Min(tableSizeLimit, DefaultTableSize));
    private byte[] nameScratch = new byte[128];
    private byte[] valueScratch = new byte[512];

    public int TableSize => table.Size;

    /// <summary>Decodes one complete block.</summary>
    /// <param name="maxListBytes">In the measure of SETTINGS_MAX_HEADER_LIST_SIZE: names, values and 32 per field.</param>
    /// <returns>False when the fields exceed that; the tables are right all the same, and the list holds the first ones.</returns>
    /// <exception cref="HpackException">The connection must end with COMPRESSION_ERROR.</exception>
    public bool Decode(ReadOnlySpan<byte> block, HeaderList into, int maxListBytes)
    {
        long listBytes = 0;
        bool sizeUpdateAllowed = true;
        var reader = new Reader(block);
        while (!reader.AtEnd)
        {
            byte first = reader.Peek();
            if ((first & 0xE0) == 0x20)
            {
                if (!sizeUpdateAllowed) throw new HpackException("a table size update stands after a field (RFC 7541 4.2)");
                ResizeTable(reader.ReadInteger(5));
                continue;
            }
            sizeUpdateAllowed = false;
            ReadField(ref reader, first, out var name, out var value);
            listBytes += name.Length + value.Length + 32;
            if (listBytes <= maxListBytes && name.Length <= MaxNameLength) into.Add(name, value);
            else listBytes = long.MaxValue / 2;
            if ((first & 0xC0) == 0x40) table.Add(name, value);
        }
        return listBytes <= maxListBytes;
    }

    private void ResizeTable(int size)
    {
        if (size > tableSizeLimit) throw new HpackException($"a table size update to {size} exceeds the announced {tableSizeLimit} (RFC 7541 6.3)");
        table.Resize(size);
    }

    private void ReadField(ref Reader reader, byte first, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if ((first & 0x80) != 0)
        {
            Lookup(reader.ReadInteger(7), out name, out value);
            return;
        }
        int index = reader.ReadInteger((first & 0x40) != 0 ? 6 : 4);
        if (index == 0)
        {
            name = ReadString(ref reader, ref nameScratch);
        }
        else
        {
            Lookup(index, out name, out _);
            // Adding the field may move or evict what the name points at.
            if (index > StaticTable.Count && (first & 0x40) != 0) name = CopyName(name);
        }
        value = ReadString(ref reader, ref valueScratch);
    }

    private void Lookup(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (index == 0 || index > StaticTable.Count + table.Count)
            throw new HpackException($"index {index} is outside the tables, which hold {StaticTable.Count + table.Count} fields (RFC 7541 2.3.3)");
        if (index <= StaticTable.Count)
        {
            name = StaticTable.Name(index);
            value = StaticTable.Value(index);
            return;
        }
        name = table.Name(index - StaticTable.Count - 1);
        value = table.Value(index - StaticTable.Count - 1);
    }

    private ReadOnlySpan<byte> CopyName(ReadOnlySpan<byte> name)
    {
        Grow(ref nameScratch, name.Length);
        name.CopyTo(nameScratch);
        return nameScratch.AsSpan(0, name.Length);
    }

    private static ReadOnlySpan<byte> ReadString(ref Reader reader, ref byte[] scratch)
    {
        bool coded = (reader.Peek() & 0x80) != 0;
        var raw = reader.ReadBytes(reader.ReadInteger(7));
        if (!coded) return raw;
        Grow(ref scratch, Huffman.MaxDecodedLength(raw.Length));
        return scratch.AsSpan(0, Huffman.Decode(raw, scratch));
    }

    private static void Grow(ref byte[] scratch, int length)
    {
        if (scratch.Length < length) scratch = new byte[Math.Max(length, scratch.Length * 2)];
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> rest = rest;

        public readonly bool AtEnd => rest.IsEmpty;

        public readonly byte Peek() => rest.IsEmpty ? throw Truncated() : rest[0];

        public ReadOnlySpan<byte> ReadBytes(int count)
        {
            if (count > rest.Length) throw Truncated();
            var bytes = rest[..count];
            rest = rest[count..];
            return bytes;
        }

        /// <summary>An integer with an N-bit prefix (5.1).</summary>
        public int ReadInteger(int prefixBits)
        {
            int mask = (1 << prefixBits) - 1;
            int value = ReadBytes(1)[0] & mask;
            if (value < mask) return value;
            for (int shift = 0; ; shift += 7)
            {
                byte next = ReadBytes(1)[0];
                if (shift > 21) throw new HpackException("an integer has more bytes than any valid one needs (RFC 7541 5.1)");
                value += (next & 0x7F) << shift;
                if (value > MaxInteger) throw new HpackException("an integer is too large (RFC 7541 5.1)");
                if ((next & 0x80) == 0) return value;
            }
        }

        private static HpackException Truncated() => new("a header block ends inside a field (RFC 7541 5)");
    }
}
