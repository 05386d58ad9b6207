using System.Buffers.Binary;
using Mesh.Io;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

/// <summary>An answer taken apart, with what must hold for every answer checked.</summary>
internal sealed class DnsReply
{
    internal DnsReply(byte[] query, byte[] answer)
    {
        Bytes = answer;
        Assert.Equal(query[..2], answer[..2]);
        Assert.NotEqual(0, answer[2] & 0x80);
        int end = DnsWire.HeaderLength;
        if (answer[5] == 1)
        {
            Assert.True(DnsQuestion.TryReadAnswer(answer, out var question));
            end = question.QuestionEnd;
        }
        var records = new DnsRecords(answer, end);
        while (records.TryNext(out var record))
        {
            if (record.Type == DnsWire.TypeOpt) Options = answer[record.Start..record.End];
            else Records.Add(Describe(answer, record));
        }
        Assert.True(records.IsComplete);
    }

    internal byte[] Bytes { get; }

    /// <summary>Of all sections but for EDNS: type, time to live, data.</summary>
    internal List<string> Records { get; } = [];

    /// <summary>The EDNS record.</summary>
    internal byte[]? Options { get; }

    internal DnsCode Code => (DnsCode)((Bytes[3] & 0xf) | (Options is null ? 0 : Options[5] << 4));

    internal bool IsAuthoritative => (Bytes[2] & 4) != 0;

    internal bool IsTruncated => (Bytes[2] & 2) != 0;

    private static string Describe(byte[] message, DnsRecord record)
    {
        uint ttl = BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(record.TtlOffset));
        string Number(int offset) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(record.DataOffset + offset)).ToString();
        return record.Type switch
        {
            DnsWire.TypeA or DnsWire.TypeAaaa => $"{(record.Type == DnsWire.TypeA ? "A" : "AAAA")} {ttl} {Ip.FromBytes(message.AsSpan(record.DataOffset..record.End))}",
            DnsWire.TypeCname => $"CNAME {ttl} {Name(message, record.DataOffset)}",
            DnsWire.TypePtr => $"PTR {ttl} {Name(message, record.DataOffset)}",
            DnsWire.TypeNs => $"NS {ttl} {Name(message, record.DataOffset)}",
            DnsWire.TypeSrv => $"SRV {ttl} {Number(0)} {Number(2)} {Number(4)} {Name(message, record.DataOffset + 6)}",
            DnsWire.TypeSoa => $"SOA {ttl} {Name(message, record.Start)} minimum {BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(record.End - 4))}",
            _ => $"TYPE{record.Type} {ttl}",
        };
    }

    private static string Name(byte[] message, int offset)
    {
        Assert.True(DnsNames.TryRead(message, ref offset, out string name));
        return name;
    }
}
