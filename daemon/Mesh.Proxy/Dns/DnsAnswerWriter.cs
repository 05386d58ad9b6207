using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Writes an answer to a question of which it repeats the bytes. The longest is below 512 bytes, so none is ever truncated.</summary>
internal ref struct DnsAnswerWriter
{
    internal const int MaxLength = 512;

    private readonly Span<byte> buffer;
    private int length;

    /// <param name="buffer">At least <see cref="MaxLength"/>.</param>
    /// <param name="query">Whose id, question and wish for recursion are repeated; up to QuestionEnd it must be valid.</param>
    internal DnsAnswerWriter(Span<byte> buffer, ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code, bool isAuthoritative)
    {
        this.buffer = buffer;
        query[..question.QuestionEnd].CopyTo(buffer);
        buffer[4..DnsWire.HeaderLength].Clear();
        int kept = question.Flags & (DnsWire.FlagRecursionDesired | DnsWire.OpcodeMask << DnsWire.OpcodeShift);
        int flags = DnsWire.FlagResponse | DnsWire.FlagRecursionAvailable | kept | (isAuthoritative ? DnsWire.FlagAuthoritative : 0) | (int)code;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)flags);
        if (question.QuestionEnd > DnsWire.HeaderLength) buffer[5] = 1;
        length = question.QuestionEnd;
    }

    /// <summary>An A or AAAA record for the name asked for.</summary>
    internal void Address(Ip address, TimeSpan timeToLive)
    {
        Span<byte> bytes = stackalloc byte[16];
        int size = address.WriteBytes(bytes);
        Record(address.IsV4 ? DnsWire.TypeA : DnsWire.TypeAaaa, timeToLive, bytes[..size], nameOffset: DnsWire.HeaderLength);
        buffer[7]++;
    }

    /// <summary>Start of authority of a mesh domain: tells resolvers how long they may remember that there is nothing (RFC 2308 section 5).</summary>
    internal void Authority(string domain, TimeSpan negativeTimeToLive)
    {
        Span<byte> data = stackalloc byte[MaxLength];
        int size = DnsNames.Write("ns." + domain, data);
        size += DnsNames.Write("hostmaster." + domain, data[size..]);
        foreach (uint number in (ReadOnlySpan<uint>)[1, 3600, 600, 86400, (uint)negativeTimeToLive.TotalSeconds])
        {
            BinaryPrimitives.WriteUInt32BigEndian(data[size..], number);
            size += 4;
        }
        length += DnsNames.Write(domain, buffer[length..]);
        RecordBody(DnsWire.TypeSoa, negativeTimeToLive, data[..size]);
        buffer[9]++;
    }

    /// <summary>The EDNS record without options: 1232 bytes of UDP, version 0.</summary>
    internal void Options()
    {
        ReadOnlySpan<byte> record = [0, 0, (byte)DnsWire.TypeOpt, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];
        record.CopyTo(buffer[length..]);
        length += record.Length;
        buffer[11]++;
    }

    internal readonly ReadOnlySpan<byte> Finish() => buffer[..length];

    private void Record(ushort type, TimeSpan timeToLive, scoped ReadOnlySpan<byte> data, int nameOffset)
    {
        BinaryPrimitives.WriteUInt16BigEndian(buffer[length..], (ushort)(0xc000 | nameOffset));
        length += 2;
        RecordBody(type, timeToLive, data);
    }

    private void RecordBody(ushort type, TimeSpan timeToLive, scoped ReadOnlySpan<byte> data)
    {
        var record = buffer[length..];
        BinaryPrimitives.WriteUInt16BigEndian(record, type);
        BinaryPrimitives.WriteUInt16BigEndian(record[2..], DnsWire.ClassIn);
        BinaryPrimitives.WriteUInt32BigEndian(record[4..], (uint)timeToLive.TotalSeconds);
        BinaryPrimitives.WriteUInt16BigEndian(record[8..], (ushort)data.Length);
        data.CopyTo(record[10..]);
        length += 10 + data.Length;
    }
}
