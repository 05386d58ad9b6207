using System.Buffers.Binary;
using System.Text;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>A request of HTTP/2 as no library would send it.</summary>
/// <param name="Body">Null: the head ends the stream, unless there are trailers.</param>
internal sealed record Http2Item((string Name, string Value)[] Fields, string? Body = null, (string Name, string Value)[]? Trailers = null);

/// <summary>Frames by hand.</summary>
internal static class Http2Bytes
{
    private const byte Data = 0, Headers = 1, Settings = 4;
    private const byte EndStream = 1, EndHeaders = 4;

    /// <summary>A whole connection: the item on stream 1, an ordinary request on stream 3.</summary>
    public static byte[] Of(Http2Item item, Func<string, string> named)
    {
        bool bodiless = item.Body is null && item.Trailers is null;
        List<byte> bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])];
        bytes.AddRange(Frame(Headers, (byte)(EndHeaders | (bodiless ? EndStream : 0)), 1, Block(item.Fields, named)));
        if (item.Body is not null) bytes.AddRange(Frame(Data, (byte)(item.Trailers is null ? EndStream : 0), 1, Encoding.Latin1.GetBytes(named(item.Body))));
        if (item.Trailers is not null) bytes.AddRange(Frame(Headers, EndHeaders | EndStream, 1, Block(item.Trailers, named)));
        bytes.AddRange(Frame(Headers, EndHeaders | EndStream, 3, Block([(":method", "GET"), (":scheme", "http"), (":path", "/after-{id}"), (":authority", "a")], named)));
        return [.. bytes];
    }

    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>Literal fields without indexing and without Huffman (RFC 7541 6.2.2).</summary>
    private static byte[] Block((string Name, string Value)[] fields, Func<string, string> named)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            AddText(block, named(name));
            AddText(block, named(value));
        }
        return [.. block];
    }

    private static void AddText(List<byte> block, string text)
    {
        int length = text.Length;
        block.Add((byte)Math.Min(length, 127));
        if (length >= 127)
        {
            for (length -= 127; length >= 128; length >>= 7) block.Add((byte)(length & 127 | 128));
            block.Add((byte)length);
        }
        block.AddRange(Encoding.Latin1.GetBytes(text));
    }
}

/// <summary>Finds in what a server says the ends of both streams.</summary>
internal sealed class Http2Ends
{
    private const byte Data = 0, Headers = 1, Reset = 3, GoAway = 7;

    private readonly List<byte> unread = [];
    private readonly HashSet<int> ended = [];

    public bool HaveCome(ReadOnlyMemory<byte> bytes)
    {
        unread.AddRange(bytes.Span);
        bool isOver = false;
        while (unread.Count >= 9 && unread.Count >= 9 + Length)
        {
            byte type = unread[3], flags = unread[4];
            if (type == Reset || type is Data or Headers && (flags & 1) != 0) ended.Add(unread[8]);
            isOver |= type == GoAway;
            unread.RemoveRange(0, 9 + Length);
        }
        return isOver || ended.Count == 2;
    }

    private int Length => unread[0] << 16 | unread[1] << 8 | unread[2];
}
