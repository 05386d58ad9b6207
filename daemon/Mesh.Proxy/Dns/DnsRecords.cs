using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

internal enum DnsSection
{
    Answer,
    Authority,
    Additional,
}

/// <summary>Where a record lies in its message.</summary>
/// <param name="TypeOffset">Behind the owner's name: type, class, TTL and length follow.</param>
internal readonly record struct DnsRecord(DnsSection Section, ushort Type, int Start, int TypeOffset, int DataOffset, int End)
{
    internal int TtlOffset => TypeOffset + 4;
}

/// <summary>Walks the records behind the question, strictly: <see cref="IsComplete"/> tells whether the counts and the bytes agreed.</summary>
internal ref struct DnsRecords
{
    private const int FixedLength = 10;

    private readonly ReadOnlySpan<byte> message;
    private readonly int answers;
    private readonly int authorities;
    private int offset;
    private int read;

    internal DnsRecords(ReadOnlySpan<byte> message, int questionEnd)
    {
        this.message = message;
        offset = questionEnd;
        answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        authorities = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        Total = answers + authorities + BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
    }

    internal int Total { get; }

    /// <summary>All records were read and nothing follows them.</summary>
    internal readonly bool IsComplete => read == Total && offset == message.Length;

    internal bool TryNext(out DnsRecord record)
    {
        record = default;
        int typeOffset = offset;
        if (read == Total || !DnsNames.TrySkip(message, ref typeOffset) || typeOffset + FixedLength > message.Length) return false;
        int data = typeOffset + FixedLength;
        int end = data + BinaryPrimitives.ReadUInt16BigEndian(message[(typeOffset + 8)..]);
        if (end > message.Length) return false;
        var section = read < answers ? DnsSection.Answer : read < answers + authorities ? DnsSection.Authority : DnsSection.Additional;
        record = new(section, BinaryPrimitives.ReadUInt16BigEndian(message[typeOffset..]), offset, typeOffset, data, end);
        offset = end;
        read++;
        return true;
    }
}
