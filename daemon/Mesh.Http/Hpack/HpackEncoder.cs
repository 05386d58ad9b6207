namespace Mesh.Http.Hpack;

/// <summary>Fields into header blocks of one direction of a connection (RFC 7541). One per connection; blocks must be sent in the
/// order of encoding. Names become lower case (RFC 9113 8.2.1).</summary>
internal sealed class HpackEncoder
{
    // The peer may allow more, but the names that are indexed do not fill more.
    private const int MaxTableSize = HpackDecoder.DefaultTableSize;

    private readonly DynamicTable table = new(HpackDecoder.DefaultTableSize);
    private byte[] block = new byte[512];
    private int used;
    private int smallestUpdate = -1;

    public int TableSize => table.Size;

    /// <summary>The peer's SETTINGS_HEADER_TABLE_SIZE. The next block announces what we make of it (4.2).</summary>
    public void LimitTable(uint peerLimit)
    {
        int size = (int)Math.Min(peerLimit, MaxTableSize);
        if (size == table.MaxSize && smallestUpdate < 0) return;
        smallestUpdate = smallestUpdate < 0 ? size : Math.Min(smallestUpdate, size);
        table.Resize(size);
    }

    /// <summary>What was added since <see cref="Begin"/>; valid until the next one.</summary>
    public ReadOnlyMemory<byte> Block => block.AsMemory(0, used);

    /// <returns>The block; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Encode(HeaderList fields)
    {
        Begin();
        for (int i = 0; i < fields.Count; i++) Add(fields.Name(i), fields.Value(i));
        return Block;
    }

    public void Begin()
    {
        used = 0;
        if (smallestUpdate >= 0) WriteSizeUpdates();
    }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var known = StaticTable.Find(name);
        if (known is null)
        {
            WriteInteger(0x10, 4, 0);
            WriteLowerCaseName(name);
            WriteString(value);
            return;
        }
        for (int i = known.StaticIndex; i < known.StaticIndex + known.StaticCount; i++)
        {
            if (StaticTable.Value(i).IsEmpty || !StaticTable.Value(i).SequenceEqual(value)) continue;
            WriteInteger(0x80, 7, i);
            return;
        }
        if (known.Indexed) WriteIndexed(known, value);
        else WriteLiteral(0x10, 4, known, value);
    }

    private void WriteSizeUpdates()
    {
        if (smallestUpdate < table.MaxSize) WriteInteger(0x20, 5, smallestUpdate);
        WriteInteger(0x20, 5, table.MaxSize);
        smallestUpdate = -1;
    }

    private void WriteIndexed(StaticTable.NameInfo known, ReadOnlySpan<byte> value)
    {
        uint hash = DynamicTable.Hash(known.Name, value);
        int index = table.Find(known.Name, value, hash);
        if (index >= 0)
        {
            WriteInteger(0x80, 7, StaticTable.Count + 1 + index);
            return;
        }
        // One value that fills a good part of the table would drive out all the others.
        if (known.Name.Length + value.Length > table.MaxSize / 4)
        {
            WriteLiteral(0x00, 4, known, value);
            return;
        }
        WriteLiteral(0x40, 6, known, value);
        table.Add(known.Name, value, hash);
    }

    private void WriteLiteral(byte pattern, int prefixBits, StaticTable.NameInfo known, ReadOnlySpan<byte> value)
    {
        WriteInteger(pattern, prefixBits, known.StaticIndex);
        if (known.StaticIndex == 0) WriteString(known.Name);
        WriteString(value);
    }

    private void WriteLowerCaseName(ReadOnlySpan<byte> name)
    {
        if (!name.ContainsAnyInRange((byte)'A', (byte)'Z'))
        {
            WriteString(name);
            return;
        }
        WriteInteger(0x00, 7, name.Length);
        var target = Reserve(name.Length);
        // Not Ascii.ToLower, which stops at the first byte that is not ASCII and would leave bytes of an earlier block here.
        for (int i = 0; i < name.Length; i++) target[i] = name[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(name[i] | 0x20) : name[i];
        used += name.Length;
    }

    private void WriteString(ReadOnlySpan<byte> text)
    {
        int coded = Huffman.EncodedLength(text);
        bool shorter = coded < text.Length;
        int length = shorter ? coded : text.Length;
        WriteInteger((byte)(shorter ? 0x80 : 0x00), 7, length);
        var target = Reserve(length);
        if (shorter) Huffman.Encode(text, target);
        else text.CopyTo(target);
        used += length;
    }

    private void WriteInteger(byte pattern, int prefixBits, int value)
    {
        var target = Reserve(6);
        int mask = (1 << prefixBits) - 1;
        if (value < mask)
        {
            target[0] = (byte)(pattern | value);
            used++;
            return;
        }
        target[0] = (byte)(pattern | mask);
        int length = 1;
        for (value -= mask; value >= 0x80; value >>= 7) target[length++] = (byte)(value | 0x80);
        target[length++] = (byte)value;
        used += length;
    }

    private Span<byte> Reserve(int length)
    {
        if (used + length > block.Length) Array.Resize(ref block, Math.Max(block.Length * 2, used + length));
        return block.AsSpan(used);
    }
}
