using System.Buffers.Binary;
using System.Text;

namespace Mesh.Kit.Tls;

/// <summary>A ClientHello as bytes: <c>new TestHello { ServerName = "a.example" }.ToBytes()</c>.</summary>
public sealed record TestHello
{
    /// <summary>Null: no such extension.</summary>
    public string? ServerName { get; init; }

    public bool IsEncrypted { get; init; }

    /// <summary>Of the message's contents into records; by default one.</summary>
    public int RecordBytes { get; init; } = 1 << 14;

    /// <summary>TLS 1.2 allows a hello without any.</summary>
    public bool HasExtensions { get; init; } = true;

    /// <summary>Type and contents, after those of the other properties.</summary>
    public IReadOnlyList<(ushort Type, byte[] Data)> MoreExtensions { get; init; } = [];

    /// <summary>As records.</summary>
    public byte[] ToBytes() => Records(Message(), RecordBytes);

    /// <summary>The handshake message with its header.</summary>
    public byte[] Message()
    {
        byte[] body = [3, 3, .. Enumerable.Range(0, 32).Select(static i => (byte)i), 2, 7, 7, .. Prefixed([0x13, 0x01, 0x13, 0x02]), 1, 0, .. HasExtensions ? Prefixed(Extensions()) : []];
        return [1, (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
    }

    public static byte[] Records(byte[] message, int recordBytes) =>
        [.. message.Chunk(recordBytes).SelectMany(static part => (byte[])[22, 3, 1, .. Prefixed(part)])];

    public static byte[] Extension(ushort type, byte[] data) => [(byte)(type >> 8), (byte)type, .. Prefixed(data)];

    /// <summary>The contents of the extension server_name.</summary>
    public static byte[] NameList(string name) => Prefixed([0, .. Prefixed(Encoding.Latin1.GetBytes(name))]);

    /// <summary>With a length of two bytes before it.</summary>
    public static byte[] Prefixed(byte[] data)
    {
        byte[] result = [0, 0, .. data];
        BinaryPrimitives.WriteUInt16BigEndian(result, (ushort)data.Length);
        return result;
    }

    private byte[] Extensions()
    {
        var all = new List<byte>(Extension(43, [2, 3, 4]));
        if (ServerName is not null) all.AddRange(Extension(0, NameList(ServerName)));
        if (IsEncrypted) all.AddRange(Extension(0xFE0D, [0, 0, 1]));
        foreach (var (type, data) in MoreExtensions) all.AddRange(Extension(type, data));
        return [.. all];
    }
}
