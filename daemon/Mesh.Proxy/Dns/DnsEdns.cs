using System.Buffers.Binary;

namespace Mesh.Proxy.Dns;

/// <summary>The OPT record of a query (RFC 6891 section 6.1).</summary>
/// <param name="PayloadLength">UDP bytes that the client can take.</param>
/// <param name="WantsDnssec">DO, repeated in the answer (RFC 3225 section 3).</param>
/// <param name="HasSubnet">The answer may be for a part of the clients only.</param>
internal readonly record struct DnsEdns(bool IsPresent, int PayloadLength, byte Version, bool WantsDnssec, bool HasSubnet)
{
    /// <summary>Of the record that <see cref="Write"/> makes.</summary>
    internal const int Length = 11;

    private const byte DnssecOk = 0x80;

    /// <summary>Longest answer that the client takes over UDP. Values below 512 mean 512 (section 6.2.3).</summary>
    internal int UdpLimit => IsPresent ? Math.Clamp(PayloadLength, DnsWire.MinUdpLength, DnsWire.MaxUdpLength) : DnsWire.MinUdpLength;

    /// <summary>False for an owner other than the root, or options that do not fill the record exactly.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, in DnsRecord record, out DnsEdns edns)
    {
        var fixedPart = message[record.TypeOffset..];
        edns = new(true, BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]), fixedPart[5], (fixedPart[6] & DnssecOk) != 0, false);
        if (record.TypeOffset != record.Start + 1) return false;
        var options = message[record.DataOffset..record.End];
        while (options.Length >= 4)
        {
            int length = 4 + BinaryPrimitives.ReadUInt16BigEndian(options[2..]);
            if (length > options.Length) return false;
            if (BinaryPrimitives.ReadUInt16BigEndian(options) == DnsWire.OptionClientSubnet) edns = edns with { HasSubnet = true };
            options = options[length..];
        }
        return options.IsEmpty;
    }

    /// <summary>The record of an answer: version 0, no options.</summary>
    internal void Write(Span<byte> destination, DnsCode code)
    {
        destination[..Length].Clear();
        destination[2] = (byte)DnsWire.TypeOpt;
        BinaryPrimitives.WriteUInt16BigEndian(destination[3..], DnsWire.MaxUdpLength);
        destination[5] = (byte)((int)code >> 4);
        if (WantsDnssec) destination[7] = DnssecOk;
    }
}
