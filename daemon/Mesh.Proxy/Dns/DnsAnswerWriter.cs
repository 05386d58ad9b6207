using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Writes an answer to a question of which it repeats the bytes, letters of either case included. What does not fit is left out: in the answer
/// section the whole answer then is, with TC, so that the client asks over TCP; elsewhere only that record.</summary>
internal ref struct DnsAnswerWriter
{
    private readonly Span<byte> buffer;
    private readonly DnsQuestion question;
    private readonly DnsCode code;
    private readonly int limit;
    private int length;
    private bool isTruncated;

    /// <param name="buffer">As long as the answer may be; at least the question, its EDNS record and <see cref="DnsWire.HeaderLength"/> fit into every legal one.</param>
    /// <param name="query">Whose id, question and wish for recursion are repeated; up to QuestionEnd it must be valid.</param>
    internal DnsAnswerWriter(Span<byte> buffer, ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code, bool isAuthoritative)
    {
        this.buffer = buffer;
        (this.question, this.code) = (question, code);
        limit = buffer.Length - (question.Edns.IsPresent ? DnsEdns.Length : 0);
        query[..question.QuestionEnd].CopyTo(buffer);
        buffer[4..DnsWire.HeaderLength].Clear();
        int kept = question.Flags & (DnsWire.FlagRecursionDesired | DnsWire.FlagCheckingDisabled | DnsWire.OpcodeMask << DnsWire.OpcodeShift);
        int flags = DnsWire.FlagResponse | DnsWire.FlagRecursionAvailable | kept | (isAuthoritative ? DnsWire.FlagAuthoritative : 0) | (int)code & 0xf;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)flags);
        if (question.QuestionEnd > DnsWire.HeaderLength) buffer[5] = 1;
        length = question.QuestionEnd;
    }

    /// <summary>Names a place to which an owner may point: the name asked for.</summary>
    internal static int Asked => DnsWire.HeaderLength;

    /// <summary>An A or AAAA record.</summary>
    /// <param name="owner">Where its name stands in the message.</param>
    internal void Address(int owner, Ip address, TimeSpan timeToLive, DnsSection section = DnsSection.Answer)
    {
        Span<byte> bytes = stackalloc byte[16];
        int size = address.WriteBytes(bytes);
        Record(section, owner, address.IsV4 ? DnsWire.TypeA : DnsWire.TypeAaaa, timeToLive, bytes[..size]);
    }

    /// <summary>A record whose data is a name: CNAME, PTR or NS. Returns where that name stands.</summary>
    internal int Name(int owner, ushort type, string name, TimeSpan timeToLive)
    {
        Span<byte> data = stackalloc byte[DnsWire.MaxNameLength];
        int size = DnsNames.Write(name, data);
        Record(DnsSection.Answer, owner, type, timeToLive, data[..size]);
        return length - size;
    }

    /// <summary>Returns where the target's name stands.</summary>
    internal int Service(int owner, int weight, int port, string target, TimeSpan timeToLive)
    {
        Span<byte> data = stackalloc byte[6 + DnsWire.MaxNameLength];
        data[..2].Clear(); // all of one priority
        BinaryPrimitives.WriteUInt16BigEndian(data[2..], (ushort)weight);
        BinaryPrimitives.WriteUInt16BigEndian(data[4..], (ushort)port);
        int size = DnsNames.Write(target, data[6..]);
        Record(DnsSection.Answer, owner, DnsWire.TypeSrv, timeToLive, data[..(6 + size)]);
        return length - size;
    }

    /// <summary>Start of authority of a zone: as authority it tells resolvers how long they may remember that there is nothing (RFC 2308 section 5).</summary>
    internal void Authority(DnsSection section, string zone, TimeSpan negativeTimeToLive)
    {
        Span<byte> data = stackalloc byte[2 * DnsWire.MaxNameLength + 20];
        int size = WriteOrRoot("ns." + zone, data);
        size += WriteOrRoot("hostmaster." + zone, data[size..]);
        foreach (uint number in (ReadOnlySpan<uint>)[1, 3600, 600, 86400, (uint)negativeTimeToLive.TotalSeconds])
        {
            BinaryPrimitives.WriteUInt32BigEndian(data[size..], number);
            size += 4;
        }
        Span<byte> owner = stackalloc byte[DnsWire.MaxNameLength];
        Record(section, owner[..WriteOrRoot(zone, owner)], DnsWire.TypeSoa, negativeTimeToLive, data[..size]);
    }

    internal readonly ReadOnlySpan<byte> Finish()
    {
        int end = length;
        if (isTruncated)
        {
            end = question.QuestionEnd;
            buffer[6..DnsWire.HeaderLength].Clear();
            buffer[2] |= DnsWire.FlagTruncated >> 8;
        }
        if (!question.Edns.IsPresent) return buffer[..end];
        question.Edns.Write(buffer[end..], code);
        Count(DnsSection.Additional);
        return buffer[..(end + DnsEdns.Length)];
    }

    private static int WriteOrRoot(string name, Span<byte> destination)
    {
        int size = DnsNames.Write(name, destination);
        if (size > 0) return size;
        destination[0] = 0;
        return 1;
    }

    private void Record(DnsSection section, int owner, ushort type, TimeSpan timeToLive, scoped ReadOnlySpan<byte> data)
    {
        Span<byte> pointer = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(pointer, (ushort)(0xc000 | owner));
        if (owner < 0x4000) Record(section, pointer, type, timeToLive, data);
    }

    private void Record(DnsSection section, scoped ReadOnlySpan<byte> owner, ushort type, TimeSpan timeToLive, scoped ReadOnlySpan<byte> data)
    {
        bool fits = length + owner.Length + 10 + data.Length <= limit;
        isTruncated |= !fits && section == DnsSection.Answer;
        if (!fits || isTruncated) return;
        owner.CopyTo(buffer[length..]);
        var record = buffer[(length + owner.Length)..];
        BinaryPrimitives.WriteUInt16BigEndian(record, type);
        BinaryPrimitives.WriteUInt16BigEndian(record[2..], DnsWire.ClassIn);
        BinaryPrimitives.WriteUInt32BigEndian(record[4..], (uint)timeToLive.TotalSeconds);
        BinaryPrimitives.WriteUInt16BigEndian(record[8..], (ushort)data.Length);
        data.CopyTo(record[10..]);
        length += owner.Length + 10 + data.Length;
        Count(section);
    }

    private readonly void Count(DnsSection section)
    {
        var count = buffer[(6 + 2 * (int)section)..];
        BinaryPrimitives.WriteUInt16BigEndian(count, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(count) + 1));
    }
}
