using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Mesh.Protocol.State;

namespace Mesh.Control.Config;

/// <summary>The form of the configuration on disk: eight bytes of name and format version, then records, each with its length, sixteen bytes
/// of the SHA-256 of its content, and a <see cref="StoredConfig"/>. Later records change what earlier ones say. A record that says that more
/// follows counts only together with the next that does not; what is cut off or damaged ends the log where it was last consistent.</summary>
internal static class ConfigLog
{
    /// <summary>Content of a record beyond which the next begins: small enough to stay out of the heap of large objects.</summary>
    public const int RecordBytes = 48 * 1024;

    private const int ChecksumBytes = 16;
    private const int HeaderBytes = sizeof(int) + ChecksumBytes;

    /// <summary>A resource comes in a message of at most 16 MiB, and a record is that of one resource at worst.</summary>
    private const int MaxRecordBytes = 32 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "MESHLG01"u8;

    /// <summary>What a log says in the end.</summary>
    /// <param name="Bytes">Length of the log up to where it is consistent.</param>
    /// <param name="IsWhole">Nothing was left over after that.</param>
    internal sealed record Content(string Version, IReadOnlyCollection<(string TypeUrl, StoredResource Resource)> Resources, long Bytes, bool IsWhole);

    public static byte[] Start() => Magic.ToArray();

    /// <summary>The changes as records of which only the last says that nothing more follows.</summary>
    public static IEnumerable<byte[]> Records(IEnumerable<ConfigChange> changes, string? version)
    {
        var record = new StoredConfig();
        int size = 0;
        foreach (var change in changes)
        {
            if (size > RecordBytes)
            {
                record.More = true;
                yield return Seal(record);
                (record, size) = (new StoredConfig(), 0);
            }
            size += Add(record, change);
        }
        record.Version = version ?? "";
        yield return Seal(record);
    }

    /// <returns>Null: not such a log, or damaged before it was consistent for the first time.</returns>
    public static Content? Read(Stream stream)
    {
        Span<byte> magic = stackalloc byte[8];
        if (stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length || !magic.SequenceEqual(Magic)) return null;
        var resources = new Dictionary<(string, string), StoredResource>();
        var unfinished = new List<StoredConfig>();
        string? version = null;
        long read = Magic.Length;
        long consistent = read;
        while (ReadRecord(stream, ref read) is { } record)
        {
            unfinished.Add(record);
            if (record.More) continue;
            foreach (var finished in unfinished) Apply(finished, resources);
            unfinished.Clear();
            (version, consistent) = (record.Version, read);
        }
        if (version is null) return null;
        return new Content(version, [.. resources.Select(static entry => (entry.Key.Item1, entry.Value))], consistent, stream.Length == consistent);
    }

    private static int Add(StoredConfig record, ConfigChange change)
    {
        var type = record.Types_.Count > 0 && record.Types_[^1].TypeUrl == change.TypeUrl ? record.Types_[^1] : null;
        if (type is null) record.Types_.Add(type = new StoredType { TypeUrl = change.TypeUrl });
        if (change.Resource is not { } resource)
        {
            type.Removed.Add(change.Name);
            return change.Name.Length;
        }
        type.Resources.Add(new StoredResource { Name = resource.Name, Version = resource.Version, Value = resource.Bytes });
        return resource.Name.Length + resource.Version.Length + resource.Bytes.Length;
    }

    private static byte[] Seal(StoredConfig record)
    {
        int length = record.CalculateSize();
        byte[] whole = new byte[HeaderBytes + length];
        record.WriteTo(whole.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteInt32LittleEndian(whole, length);
        Checksum(whole.AsSpan(HeaderBytes), whole.AsSpan(sizeof(int), ChecksumBytes));
        return whole;
    }

    private static void Checksum(ReadOnlySpan<byte> content, Span<byte> destination)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        hash[..ChecksumBytes].CopyTo(destination);
    }

    /// <returns>Null at the end, and where the log is damaged.</returns>
    private static StoredConfig? ReadRecord(Stream stream, ref long read)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes) return null;
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < 0 or > MaxRecordBytes || length > stream.Length - read - HeaderBytes) return null;
        byte[] content = new byte[length];
        stream.ReadExactly(content);
        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        Checksum(content, checksum);
        if (!checksum.SequenceEqual(header[sizeof(int)..])) return null;
        read += HeaderBytes + length;
        return StoredConfig.Parser.ParseFrom(content);
    }

    private static void Apply(StoredConfig record, Dictionary<(string, string), StoredResource> resources)
    {
        foreach (var type in record.Types_)
        {
            foreach (string name in type.Removed) resources.Remove((type.TypeUrl, name));
            foreach (var resource in type.Resources) resources[(type.TypeUrl, resource.Name)] = resource;
        }
    }
}
