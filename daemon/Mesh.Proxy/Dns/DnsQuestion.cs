using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

internal enum DnsReadResult
{
    Ok,

    /// <summary>Too short for an answer, or an answer itself: replying could start an endless exchange.</summary>
    Ignore,

    FormatError,
    NotImplemented,
}

/// <summary>Header and the one question of a message.</summary>
/// <param name="QuestionEnd">Offset behind the question.</param>
/// <param name="HasOptions">The sender speaks EDNS, so an answer must too (RFC 6891 section 6.1.1).</param>
internal readonly record struct DnsQuestion(ushort Id, ushort Flags, string Name, ushort Type, ushort Class, int QuestionEnd, bool HasOptions)
{
    private const int MaxRecords = 16; // a question carries EDNS options and at most a signature

    internal bool IsSameQuestion(in DnsQuestion other) => Type == other.Type && Class == other.Class && Name == other.Name;

    internal static DnsReadResult ReadQuery(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        if (message.Length < DnsWire.HeaderLength) return DnsReadResult.Ignore;
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & DnsWire.FlagResponse) != 0) return DnsReadResult.Ignore;
        question = new(BinaryPrimitives.ReadUInt16BigEndian(message), flags, "", 0, 0, DnsWire.HeaderLength, false);
        if ((flags >> DnsWire.OpcodeShift & DnsWire.OpcodeMask) != 0) return DnsReadResult.NotImplemented;
        if (message.Length > DnsWire.MaxQueryLength || !TryReadQuestion(message, ref question)) return DnsReadResult.FormatError;
        return TryReadRecords(message, ref question) ? DnsReadResult.Ok : DnsReadResult.FormatError;
    }

    /// <summary>False when it is not an answer with exactly one question.</summary>
    internal static bool TryReadAnswer(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        if (message.Length < DnsWire.HeaderLength) return false;
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        question = new(BinaryPrimitives.ReadUInt16BigEndian(message), flags, "", 0, 0, DnsWire.HeaderLength, false);
        return (flags & DnsWire.FlagResponse) != 0 && TryReadQuestion(message, ref question);
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

    private static bool TryReadRecords(ReadOnlySpan<byte> message, ref DnsQuestion question)
    {
        int records = BinaryPrimitives.ReadUInt16BigEndian(message[6..]) + BinaryPrimitives.ReadUInt16BigEndian(message[8..])
            + BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        if (records > MaxRecords) return false;
        int offset = question.QuestionEnd;
        for (int i = 0; i < records; i++)
        {
            if (!DnsNames.TryRead(message, ref offset, out _) || offset + 10 > message.Length) return false;
            if (BinaryPrimitives.ReadUInt16BigEndian(message[offset..]) == DnsWire.TypeOpt) question = question with { HasOptions = true };
            offset += 10 + BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 8)..]);
            if (offset > message.Length) return false;
        }
        return offset == message.Length;
    }
}
