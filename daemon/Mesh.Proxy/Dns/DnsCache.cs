using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

/// <summary>What the resolvers of one workload answered, for as long as they allow. Nothing is shared between workloads: one could otherwise see
/// what another asks, or plant an answer for it. Full, it forgets what was asked for longest ago. Lives on one loop.</summary>
internal sealed class DnsCache(DnsOptions options, TimeProvider time, DnsMetrics metrics)
{
    private const int EntryOverhead = 240; // entry, list node, key and table slot

    private readonly Dictionary<DnsCacheKey, LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byUse = []; // most recent first
    private readonly long start = time.GetTimestamp();
    private int bytes;

    internal int Count => entries.Count;

    internal int Bytes => bytes;

    private long Now => (long)time.GetElapsedTime(start).TotalSeconds;

    /// <summary>Writes the remembered answer, its times counted down, with the client's id, letters and EDNS.</summary>
    /// <param name="limit">Longest answer that the client takes; a longer one is cut to the question, with TC.</param>
    internal bool TryAnswer(in DnsCacheKey key, ReadOnlySpan<byte> query, in DnsQuestion question, Span<byte> answer, int limit, out int length)
    {
        length = 0;
        if (question.Edns.HasSubnet) return false;
        if (!entries.TryGetValue(key, out var node) || node.Value.Expires <= Now)
        {
            if (node is not null) Remove(node);
            metrics.CacheMissed();
            return false;
        }
        byUse.Remove(node);
        byUse.AddFirst(node);
        metrics.CacheHit();
        length = Write(node.Value, query, question, answer, limit);
        return true;
    }

    /// <summary>Remembers an answer if it may be.</summary>
    /// <param name="asked">The client's question.</param>
    internal void Store(in DnsCacheKey key, in DnsQuestion asked, ReadOnlySpan<byte> answer)
    {
        if (asked.Edns.HasSubnet || !DnsQuestion.TryReadAnswer(answer, out var question)) return;
        uint seconds = DnsLifetime.Of(answer, question, out int length);
        int size = length + 2 * key.Name.Length + EntryOverhead;
        if (seconds == 0 || length > DnsStream.MaxMessageLength / 4 || size > options.MaxCachedBytes) return;
        if (entries.TryGetValue(key, out var before)) Remove(before);
        while (entries.Count > 0 && (entries.Count >= options.MaxCachedAnswers || bytes + size > options.MaxCachedBytes))
        {
            Remove(byUse.Last!);
            metrics.CacheEvicted();
        }
        long now = Now;
        long life = Math.Min(seconds, (long)options.MaxCachedTime.TotalSeconds);
        entries[key] = byUse.AddFirst(new Entry(key, answer[..length].ToArray(), size, question.QuestionEnd, now, now + life, length < answer.Length));
        bytes += size;
        metrics.CacheHolds(entries.Count, bytes);
    }

    internal void Clear()
    {
        while (byUse.First is { } first) Remove(first);
    }

    private int Write(Entry entry, ReadOnlySpan<byte> query, in DnsQuestion question, Span<byte> answer, int limit)
    {
        int length = entry.Message.Length;
        int optionsLength = question.Edns.IsPresent ? DnsEdns.Length : 0;
        if (length + optionsLength > limit || length + optionsLength > answer.Length)
        {
            int cut = DnsAnswerer.Fail(query, question, DnsCode.NoError, answer);
            answer[2] |= DnsWire.FlagTruncated >> 8;
            return cut;
        }
        entry.Message.CopyTo(answer);
        query[..2].CopyTo(answer);
        query[DnsWire.HeaderLength..question.QuestionEnd].CopyTo(answer[DnsWire.HeaderLength..]);
        answer[2] &= unchecked((byte)~(DnsWire.FlagAuthoritative >> 8)); // remembered, not from the authority itself
        CountDown(answer[..length], entry.QuestionEnd, (uint)(Now - entry.Stored));
        int additional = BinaryPrimitives.ReadUInt16BigEndian(answer[10..]) - (entry.HadOptions ? 1 : 0) + (question.Edns.IsPresent ? 1 : 0);
        BinaryPrimitives.WriteUInt16BigEndian(answer[10..], (ushort)additional);
        if (question.Edns.IsPresent) question.Edns.Write(answer[length..], DnsCode.NoError);
        return length + optionsLength;
    }

    private static void CountDown(Span<byte> answer, int questionEnd, uint age)
    {
        var records = new DnsRecords(answer, questionEnd);
        while (records.TryNext(out var record))
        {
            var ttl = answer[record.TtlOffset..];
            BinaryPrimitives.WriteUInt32BigEndian(ttl, BinaryPrimitives.ReadUInt32BigEndian(ttl) - age);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        entries.Remove(node.Value.Key);
        byUse.Remove(node);
        bytes -= node.Value.Size;
        metrics.CacheHolds(entries.Count, bytes);
    }

    /// <param name="Message">Without EDNS record; the count of additional records still includes it if there was one.</param>
    private sealed record Entry(DnsCacheKey Key, byte[] Message, int Size, int QuestionEnd, long Stored, long Expires, bool HadOptions);
}
