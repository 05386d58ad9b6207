using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

internal enum DnsReadResult
{
    Ok,

    /// <summary>Too short for an answer, or an answer itself: replying could start an endless exchange.</summary>
    Ignore,

    FormatError,
    NotImplemented,

    /// <summary>EDNS newer than version 0.</summary>
    BadVersion,
}

/// <summary>Header and the one question of a message.</summary>
/// <param name="Name">As <see cref="DnsNames.TryRead"/> gives it.</param>
/// <param name="QuestionEnd">Offset behind the question.</param>
/// <param name="Edns">Of a query; an answer must speak EDNS exactly when the query did (RFC 6891 section 6.1.1).</param>
internal readonly record struct DnsQuestion(ushort Id, ushort Flags, string Name, ushort Type, ushort Class, int QuestionEnd, DnsEdns Edns)
{
    private const int MaxRecords = 16; // a question carries EDNS options and at most a signature

    internal bool IsSameQuestion(in DnsQuestion other) => Type == other.Type && Class == other.Class && Name == other.Name;

    internal static DnsReadResult ReadQuery(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        if (!TryReadHeader(message, out question) || (question.Flags & DnsWire.FlagResponse) != 0) return DnsReadResult.Ignore;
        if ((question.Flags >> DnsWire.OpcodeShift & DnsWire.OpcodeMask) != 0) return ReadOther(message, ref question);
        if (message.Length > DnsWire.MaxQueryLength || !TryReadQuestion(message, ref question)) return DnsReadResult.FormatError;
        if (!TryReadEdns(message, ref question)) return DnsReadResult.FormatError;
        return question.Edns.Version > 0 ? DnsReadResult.BadVersion : DnsReadResult.Ok;
    }

    /// <summary>Of another operation nothing is read but EDNS, to which even a refusal must answer in kind (RFC 6891 section 6.1.1).</summary>
    private static DnsReadResult ReadOther(ReadOnlySpan<byte> message, ref DnsQuestion question)
    {
        var read = question;
        bool isReadable = message.Length <= DnsWire.MaxQueryLength && TryReadQuestion(message, ref read) && TryReadEdns(message, ref read);
        if (isReadable) question = question with { Edns = read.Edns };
        return DnsReadResult.NotImplemented;
    }

    /// <summary>False when it is not an answer with exactly one question.</summary>
    internal static bool TryReadAnswer(ReadOnlySpan<byte> message, out DnsQuestion question) =>
        TryReadHeader(message, out question) && (question.Flags & DnsWire.FlagResponse) != 0 && TryReadQuestion(message, ref question);

    /// <summary>Whether a message answers a question, by id and question. An error that is a header alone needs only the id: who could not read a question
    /// does not repeat it.</summary>
    /// <param name="asked">With the id that was asked with.</param>
    internal static bool IsAnswer(ReadOnlySpan<byte> message, in DnsQuestion asked) =>
        TryReadAnswer(message, out var answered) ? answered.Id == asked.Id && answered.IsSameQuestion(asked) : IsBareError(message) && answered.Id == asked.Id;

    private static bool IsBareError(ReadOnlySpan<byte> message) =>
        message.Length == DnsWire.HeaderLength && (message[2] & DnsWire.FlagResponse >> 8) != 0 && !message[4..].ContainsAnyExcept((byte)0)
        && (DnsCode)(message[3] & 0xf) is DnsCode.FormatError or DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused;

    private static bool TryReadHeader(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        if (message.Length < DnsWire.HeaderLength) return false;
        question = new(BinaryPrimitives.ReadUInt16BigEndian(message), BinaryPrimitives.ReadUInt16BigEndian(message[2..]), "", 0, 0, DnsWire.HeaderLength, default);
        return true;
    }

    private static bool TryReadQuestion(ReadOnlySpan<byte> message, ref DnsQuestion question)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1) return false;
        int offset = DnsWire.HeaderLength;
        if (!DnsNames.TryRead(message, ref offset, out string name) || offset + 4 > message.Length) return false;
        question = question with
        {
            Name = name,
            Type = BinaryPrimitives.ReadUInt16BigEndian(message[offset..]),
            Class = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 2)..]),
            QuestionEnd = offset + 4,
        };
        return true;
    }

    private static bool TryReadEdns(ReadOnlySpan<byte> message, ref DnsQuestion question)
    {
        var records = new DnsRecords(message, question.QuestionEnd);
        if (records.Total > MaxRecords) return false;
        while (records.TryNext(out var record))
        {
            if (record.Type != DnsWire.TypeOpt) continue;
            if (question.Edns.IsPresent || record.Section != DnsSection.Additional || !DnsEdns.TryRead(message, record, out var edns)) return false;
            question = question with { Edns = edns };
        }
        return records.IsComplete;
    }
}
