using System.Text;

namespace Mesh.Http.Hpack;

/// <summary>RFC 7541 appendix A, and what the encoder knows about names: where they stand there and whether to index their values.</summary>
internal static class StaticTable
{
    public const int Count = 61;

    private static readonly (string Name, string Value)[] Fields =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
        ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
        ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
        ("via", ""), ("www-authenticate", ""),
    ];

    // Names whose values repeat from message to message and hold no secret. Everything else is sent as "never indexed": that costs
    // no byte more than "without indexing", keeps secrets out of every table behind us, and so also keeps a mark that the
    // sender set on any of them (6.2.3) without having to carry the mark through.
    private static readonly string[] IndexedNames =
    [
        ":authority", ":method", ":scheme", ":status", "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges",
        "access-control-allow-origin", "allow", "baggage", "cache-control", "content-encoding", "content-language", "content-type", "date",
        "grpc-accept-encoding", "grpc-encoding", "grpc-status", "grpc-timeout", "origin", "server", "strict-transport-security", "te",
        "trailer", "user-agent", "vary", "via", "x-forwarded-proto",
    ];

    private static readonly byte[][] Names = [.. Fields.Select(field => Encoding.ASCII.GetBytes(field.Name))];
    private static readonly byte[][] Values = [.. Fields.Select(field => Encoding.ASCII.GetBytes(field.Value))];

    private const int SlotCount = 256;
    private static readonly NameInfo?[] Slots = BuildSlots();

    /// <param name="StaticIndex">Of the first field of that name; 0 if the table has none.</param>
    /// <param name="StaticCount">Fields of that name, one after another.</param>
    internal sealed record NameInfo(byte[] Name, int StaticIndex, int StaticCount, bool Indexed);

    /// <param name="index">1 to <see cref="Count"/>.</param>
    public static ReadOnlySpan<byte> Name(int index) => Names[index - 1];

    public static ReadOnlySpan<byte> Value(int index) => Values[index - 1];

    /// <summary>What is known about a name, upper case or lower; null for names of which nothing is known.</summary>
    public static NameInfo? Find(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return null;
        for (int slot = SlotOf(name); Slots[slot] is { } info; slot = (slot + 1) % SlotCount)
        {
            if (Ascii.EqualsIgnoreCase(info.Name, name)) return info;
        }
        return null;
    }

    private static int SlotOf(ReadOnlySpan<byte> name)
    {
        int hash = name.Length;
        hash = hash * 31 + (name[0] | 0x20);
        hash = hash * 31 + (name[^1] | 0x20);
        hash = hash * 31 + (name[name.Length / 2] | 0x20);
        return (hash ^ hash >> 8) & SlotCount - 1;
    }

    private static NameInfo?[] BuildSlots()
    {
        var slots = new NameInfo?[SlotCount];
        foreach (string name in Fields.Select(field => field.Name).Union(IndexedNames))
        {
            byte[] bytes = Encoding.ASCII.GetBytes(name);
            int first = Array.FindIndex(Fields, field => field.Name == name) + 1;
            int slot = SlotOf(bytes);
            while (slots[slot] is not null) slot = (slot + 1) % SlotCount;
            slots[slot] = new NameInfo(bytes, first, Fields.Count(field => field.Name == name), IndexedNames.Contains(name));
        }
        return slots;
    }
}
