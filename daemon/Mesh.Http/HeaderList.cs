using System.Text;

namespace Mesh.Http;

/// <summary>The fields of one message in order, names as received, values as bytes without surrounding white space.
/// One storage array, made with the first field and reused from message to message, so that steady traffic allocates nothing.
/// A mask of the names in it answers most questions for fields that are not there, which most questions are about.
/// Names compare without case (RFC 9110 5.1). For HTTP/2 it also carries the pseudo-header fields, first.</summary>
public sealed class HeaderList
{
    private const int FirstStorage = 512;
    private const int FirstEntries = 16;

    private const int MaxSpares = 256;

    // Of lists that were released. Per thread, so per loop.
    [ThreadStatic] private static Stack<(byte[] Storage, Entry[] Entries)>? spares;

    private byte[] storage = [];
    private Entry[] entries = [];
    private int used;
    private ulong mask;

    private readonly record struct Entry(int Offset, ushort NameLength, int ValueLength);

    public int Count { get; private set; }

    /// <summary>Bytes of all names and values: what limits are measured against.</summary>
    public int ByteCount => used;

    public ReadOnlySpan<byte> Name(int index) => storage.AsSpan(entries[index].Offset, entries[index].NameLength);

    public ReadOnlySpan<byte> Value(int index) =>
        storage.AsSpan(entries[index].Offset + entries[index].NameLength, entries[index].ValueLength);

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Reserve(name.Length + value.Length);
        name.CopyTo(storage.AsSpan(used));
        value.CopyTo(storage.AsSpan(used + name.Length));
        entries[Count++] = new Entry(used, checked((ushort)name.Length), value.Length);
        used += name.Length + value.Length;
        mask |= MaskOf(name);
    }

    public void Add(string name, string value) => Add(Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value));

    /// <summary>Adds a field without a value; <see cref="Append"/> gives it one piece by piece.</summary>
    public void Begin(ReadOnlySpan<byte> name) => Add(name, default);

    /// <summary>More of the last field's value.</summary>
    public void Append(ReadOnlySpan<byte> piece)
    {
        Reserve(piece.Length);
        piece.CopyTo(storage.AsSpan(used));
        used += piece.Length;
        ref var last = ref entries[Count - 1];
        last = last with { ValueLength = last.ValueLength + piece.Length };
    }

    /// <summary>Replaces every field of that name by one.</summary>
    public void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Remove(name);
        Add(name, value);
    }

    /// <summary>Removes every field of that name; returns how many.</summary>
    public int Remove(ReadOnlySpan<byte> name)
    {
        int kept = IndexOf(name);
        if (kept < 0) return 0;
        for (int i = kept; i < Count; i++)
        {
            if (!NameEquals(i, name)) entries[kept++] = entries[i];
        }
        int removed = Count - kept;
        Count = kept;
        return removed;
    }

    /// <summary>Removes every field of that name but the last.</summary>
    public void KeepLast(ReadOnlySpan<byte> name)
    {
        int last = Count - 1;
        while (last >= 0 && !NameEquals(last, name)) last--;
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (i >= last || !NameEquals(i, name)) entries[kept++] = entries[i];
        }
        Count = kept;
    }

    /// <summary>A value that was read before stays readable until <see cref="Clear"/>.</summary>
    public void RemoveAt(int index)
    {
        Array.Copy(entries, index + 1, entries, index, Count - index - 1);
        Count--;
    }

    /// <summary>The first field of that name.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int index = IndexOf(name);
        value = index >= 0 ? Value(index) : default;
        return index >= 0;
    }

    public bool Contains(ReadOnlySpan<byte> name) => IndexOf(name) >= 0;

    public int IndexOf(ReadOnlySpan<byte> name, int start = 0)
    {
        if ((mask & MaskOf(name)) == 0) return -1;
        for (int i = start; i < Count; i++)
        {
            if (NameEquals(i, name)) return i;
        }
        return -1;
    }

    public bool NameEquals(int index, ReadOnlySpan<byte> name) =>
        entries[index].NameLength == name.Length && Ascii.EqualsIgnoreCase(Name(index), name);

    /// <summary>Takes all fields but the first ones out of another list, which is empty afterwards. Nothing is copied: the two lists change their storage.</summary>
    public void TakeFrom(HeaderList other, int skip)
    {
        Clear();
        (storage, other.storage) = (other.storage, storage);
        (entries, other.entries) = (other.entries, entries);
        (used, mask) = (other.used, other.mask);
        Count = other.Count - skip;
        Array.Copy(entries, skip, entries, 0, Count);
        other.Clear();
    }

    public void CopyTo(HeaderList other)
    {
        for (int i = 0; i < Count; i++) other.Add(Name(i), Value(i));
    }

    /// <summary>Forgets the fields, keeps the storage unless a large message made it grow beyond 16 KiB.</summary>
    public void Clear()
    {
        Count = used = 0;
        mask = 0;
        if (storage.Length > 16 * 1024) storage = [];
        if (entries.Length > 256) entries = [];
    }

    /// <summary>As <see cref="Clear"/>, and leaves the storage to whichever list of the loop is filled next: who waits long should not hold any.</summary>
    public void Release()
    {
        Clear();
        if (storage.Length == 0 || entries.Length == 0) return;
        spares ??= new Stack<(byte[], Entry[])>();
        if (spares.Count < MaxSpares) spares.Push((storage, entries));
        (storage, entries) = ([], []);
    }

    /// <summary>For people and tests: one "name: value" line per field.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Count; i++)
            text.Append(Encoding.Latin1.GetString(Name(i))).Append(": ").Append(Encoding.Latin1.GetString(Value(i))).Append('\n');
        return text.ToString();
    }

    private void Reserve(int bytes)
    {
        if (entries.Length == 0 && spares is not null && spares.TryPop(out var spare)) (storage, entries) = spare;
        if (used + bytes > storage.Length) Array.Resize(ref storage, Math.Max(Math.Max(storage.Length * 2, FirstStorage), used + bytes));
        if (Count == entries.Length) Array.Resize(ref entries, Math.Max(entries.Length * 2, FirstEntries));
    }

    /// <summary>One of 64 bits, by length and the letters at both ends in either case. A removed field leaves its bit set, which costs a search and nothing else.</summary>
    private static ulong MaskOf(ReadOnlySpan<byte> name) =>
        name.IsEmpty ? 0 : 1UL << ((name.Length * 5 + (name[0] & 0x1F) * 3 + (name[^1] & 0x1F)) & 63);
}
