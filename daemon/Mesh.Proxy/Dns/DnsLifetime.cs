using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

/// <summary>How long an answer may be remembered.</summary>
internal static class DnsLifetime
{
    /// <summary>Seconds; 0 when not at all: failures, cut answers, unreadable ones, nothing without a start of authority (RFC 2308 section 5).</summary>
    /// <param name="length">Of the part to keep, which is all but the EDNS record: that concerns one hop only.</param>
    internal static uint Of(ReadOnlySpan<byte> answer, in DnsQuestion question, out int length)
    {
        length = answer.Length;
        var code = (DnsCode)(answer[3] & 0xf);
        bool isTruncated = (answer[2] & DnsWire.FlagTruncated >> 8) != 0;
        if (isTruncated || code is not (DnsCode.NoError or DnsCode.NoSuchName)) return 0;
        uint shortest = uint.MaxValue;
        bool hasData = false, hasAuthority = false;
        var records = new DnsRecords(answer, question.QuestionEnd);
        while (records.TryNext(out var record))
        {
            if (record.Type == DnsWire.TypeOpt)
            {
                // What came behind it could point into what lies behind it.
                if (record.End != answer.Length || answer[record.TtlOffset] != 0) return 0;
                length = record.Start;
                continue;
            }
            uint ttl = BinaryPrimitives.ReadUInt32BigEndian(answer[record.TtlOffset..]);
            shortest = Math.Min(shortest, ttl > int.MaxValue ? 0 : ttl); // RFC 2181 section 8
            hasData |= record.Section == DnsSection.Answer && (record.Type == question.Type || question.Type == DnsWire.TypeAny);
            if (record.Section != DnsSection.Authority || record.Type != DnsWire.TypeSoa || record.End - record.DataOffset < 20) continue;
            hasAuthority = true;
            shortest = Math.Min(shortest, BinaryPrimitives.ReadUInt32BigEndian(answer[(record.End - 4)..]));
        }
        bool isNegative = code == DnsCode.NoSuchName || !hasData;
        return records.IsComplete && (hasAuthority || !isNegative) && shortest != uint.MaxValue ? shortest : 0;
    }
}
