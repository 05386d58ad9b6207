using System.Runtime.InteropServices;
using System.Text;

namespace Mesh.Proxy.Routing;

/// <summary>Values by short runs of bytes, looked up without making an object. Filled once, then only read.</summary>
internal sealed class BytesTable<T>(bool ignoreCase = false)
    where T : class
{
    private readonly Dictionary<byte[], T> entries = new(ignoreCase ? Comparer.IgnoringCase : Comparer.Exact);

    public int Count => entries.Count;

    /// <summary>Of the keys, each once, the longest first.</summary>
    public int[] Lengths { get; private set; } = [];

    public T GetOrAdd(byte[] key, Func<T> make)
    {
        if (entries.TryGetValue(key, out var found)) return found;
        if (!Lengths.Contains(key.Length)) Lengths = [.. Lengths.Append(key.Length).OrderDescending()];
        return entries[key] = make();
    }

    public T? Find(ReadOnlySpan<byte> key) => entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var found) ? found : null;

    private sealed class Comparer(bool ignoreCase) : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Comparer Exact = new(false);
        public static readonly Comparer IgnoringCase = new(true);

        public bool Equals(byte[]? x, byte[]? y) => Equals(x.AsSpan(), y!);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) =>
            ignoreCase ? Ascii.EqualsIgnoreCase(alternate, other) : alternate.SequenceEqual(other);

        public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        /// <summary>Keys come from the configuration, so a hash without a secret is enough: nobody outside can fill a bucket.
        /// Letters of either case have the same hash, which is weaker only where the case counts.</summary>
        public int GetHashCode(ReadOnlySpan<byte> key)
        {
            const ulong lowerCase = 0x2020202020202020, mix = 0x9E3779B97F4A7C15;
            ulong hash = (ulong)key.Length * mix;
            for (; key.Length >= 8; key = key[8..]) hash = (ulong.RotateLeft(hash, 29) ^ (MemoryMarshal.Read<ulong>(key) | lowerCase)) * mix;
            ulong rest = 0;
            foreach (byte b in key) rest = rest << 8 | b;
            hash = (ulong.RotateLeft(hash, 29) ^ (rest | lowerCase)) * mix;
            return (int)(hash >> 32);
        }
    }
}
