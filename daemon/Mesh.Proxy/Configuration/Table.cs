using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Mesh.Proxy.Configuration;

/// <summary>An immutable hash table that shares with the table before it everything that did not change: replacing one of 100,000 entries
/// copies one bucket, one page and the list of pages (some 5 KB), where a frozen dictionary is built anew in tens of milliseconds. Reading costs
/// three dependent loads and a short walk; it allocates nothing.</summary>
public sealed class Table<TKey, TValue>
    where TKey : notnull, IEquatable<TKey>
    where TValue : class
{
    /// <summary>Buckets of a page. Sixty-four make a page (512 bytes) about as long as the list of pages at 100,000 entries.</summary>
    private const int PageBuckets = 64;

    /// <summary>Mean entries of a bucket at which the table doubles: more makes reading slower, fewer makes arrays of mostly headers.</summary>
    private const int FullBucket = 3;

    public static readonly Table<TKey, TValue> Empty = new([NewPage()], 0);

    private readonly Entry[][][] pages;
    private readonly int shift;

    private Table(Entry[][][] pages, int count)
    {
        (this.pages, Count) = (pages, count);
        shift = ShiftOf(pages.Length);
    }

    public int Count { get; }

    public IEnumerable<TValue> Values => pages.SelectMany(static page => page).SelectMany(static bucket => bucket).Select(static entry => entry.Value);

    /// <summary>The longest walk that reading can take.</summary>
    internal int LongestBucket => pages.SelectMany(static page => page).Max(static bucket => bucket.Length);

    /// <exception cref="KeyNotFoundException">There is no such entry.</exception>
    public TValue this[TKey key] => GetValueOrDefault(key) ?? throw new KeyNotFoundException($"no entry '{key}'");

    public TValue? GetValueOrDefault(TKey key) => Find(pages, shift, key);

    public bool TryGetValue(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        value = Find(pages, shift, key);
        return value is not null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TValue? Find(Entry[][][] pages, int shift, TKey key)
    {
        int hash = key.GetHashCode();
        uint index = Spread(hash) >> shift;
        foreach (ref readonly var entry in pages[index / PageBuckets][index % PageBuckets].AsSpan())
        {
            if (entry.Hash == hash && entry.Key.Equals(key)) return entry.Value;
        }
        return null;
    }

    /// <summary>Neighbouring addresses differ in few bits; the product brings all of them into the upper ones, which choose the bucket.</summary>
    private static uint Spread(int hash) => (uint)hash * 0x9E3779B1u;

    private static int ShiftOf(int pageCount) => 32 - System.Numerics.BitOperations.Log2((uint)(pageCount * PageBuckets));

    private static Entry[][] NewPage()
    {
        var page = new Entry[PageBuckets][];
        Array.Fill(page, []);
        return page;
    }

    private readonly record struct Entry(int Hash, TKey Key, TValue Value);

    /// <summary>Changes on the way to the next table. One thread. Pages are copied once between two tables, however many of their entries change.</summary>
    public sealed class Builder(Table<TKey, TValue> from)
    {
        private Table<TKey, TValue> table = from;
        private Entry[][][] pages = from.pages;
        private bool[] owned = [];
        private int shift = from.shift;

        public int Count { get; private set; } = from.Count;

        public TValue? GetValueOrDefault(TKey key) => Find(pages, shift, key);

        public void Set(TKey key, TValue value)
        {
            int hash = key.GetHashCode();
            ref var bucket = ref BucketOf(hash);
            int at = IndexOf(bucket, hash, key);
            var copy = new Entry[at < 0 ? bucket.Length + 1 : bucket.Length];
            bucket.CopyTo(copy, 0);
            copy[at < 0 ? bucket.Length : at] = new Entry(hash, key, value);
            bucket = copy;
            if (at < 0 && ++Count > pages.Length * PageBuckets * FullBucket) Resize(pages.Length * 2);
        }

        public void Remove(TKey key)
        {
            int hash = key.GetHashCode();
            if (Find(pages, shift, key) is null) return;
            ref var bucket = ref BucketOf(hash);
            int at = IndexOf(bucket, hash, key);
            bucket = bucket.Length == 1 ? [] : [.. bucket.AsSpan(0, at), .. bucket.AsSpan(at + 1)];
            // A quarter of the size at which it grew: a table at the border does not go back and forth.
            if (--Count * 8 < pages.Length * PageBuckets * FullBucket && pages.Length > 1) Resize(pages.Length / 2);
        }

        /// <returns>The same table when nothing was changed since the last.</returns>
        public Table<TKey, TValue> ToTable()
        {
            if (owned.Length == 0) return table;
            owned = [];
            return table = new Table<TKey, TValue>(pages, Count);
        }

        /// <summary>The bucket of a hash, in a page that no table has yet.</summary>
        private ref Entry[] BucketOf(int hash)
        {
            if (owned.Length == 0) (pages, owned) = ([.. pages], new bool[pages.Length]);
            uint index = Spread(hash) >> shift;
            uint page = index / PageBuckets;
            if (!owned[page]) (pages[page], owned[page]) = ([.. pages[page]], true);
            return ref pages[page][index % PageBuckets];
        }

        private static int IndexOf(Entry[] bucket, int hash, TKey key)
        {
            for (int i = 0; i < bucket.Length; i++)
            {
                if (bucket[i].Hash == hash && bucket[i].Key.Equals(key)) return i;
            }
            return -1;
        }

        private void Resize(int pageCount)
        {
            var before = pages;
            pages = new Entry[pageCount][][];
            for (int i = 0; i < pageCount; i++) pages[i] = NewPage();
            (owned, shift) = (new bool[pageCount], ShiftOf(pageCount));
            Array.Fill(owned, true);
            foreach (var entry in before.SelectMany(static page => page).SelectMany(static bucket => bucket))
            {
                ref var bucket = ref BucketOf(entry.Hash);
                bucket = [.. bucket, entry];
            }
        }
    }
}
