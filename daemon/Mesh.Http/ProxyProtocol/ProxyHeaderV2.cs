using System.Buffers.Binary;
using System.Numerics;
using Mesh.Io;

namespace Mesh.Http.ProxyProtocol;

/// <summary>Version 2: signature(12) version-and-command(1) family-and-transport(1) length(2), addresses, then fields of type(1) length(2) value.</summary>
internal static class ProxyHeaderV2
{
    private const int FixedBytes = 16;
    private const int TlvHeaderBytes = 3;
    private const byte VersionTwo = 0x20;
    private const byte LocalCommand = 0;
    private const byte ProxyCommand = 1;
    private const byte ChecksumField = 0x03;
    private const byte IdentityField = 0xD0;

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        var signature = ProxyHeaderReader.Signature;
        int compared = Math.Min(bytes.Length, signature.Length);
        if (!bytes[..compared].SequenceEqual(signature[..compared])) throw new ProxyHeaderException("the connection does not begin with a PROXY header");
        if (bytes.Length < FixedBytes) return false;
        int whole = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (whole > ProxyHeaderReader.MaxBytes) throw new ProxyHeaderException($"a PROXY header has {whole} bytes, more than {ProxyHeaderReader.MaxBytes}");
        CheckCommand(bytes[12]);
        if (bytes.Length < whole) return false;
        length = whole;
        header = Parse(bytes[..whole]);
        return true;
    }

    /// <summary>Writes a header for that client and server; both as IPv6 when one of them is.</summary>
    /// <param name="identity">ASCII, for the field 0xD0; empty: no such field.</param>
    /// <returns>The bytes written, at most 64 and the identity.</returns>
    internal static int Write(Span<byte> target, IpPort client, IpPort server, ReadOnlySpan<byte> identity)
    {
        ProxyHeaderReader.Signature.CopyTo(target);
        bool v4 = client.Address.IsV4 && server.Address.IsV4;
        target[12] = VersionTwo | ProxyCommand;
        target[13] = (byte)(v4 ? 0x11 : 0x21);
        int at = FixedBytes;
        at += WriteAddress(target[at..], client.Address, v4);
        at += WriteAddress(target[at..], server.Address, v4);
        BinaryPrimitives.WriteUInt16BigEndian(target[at..], client.Port);
        BinaryPrimitives.WriteUInt16BigEndian(target[(at + 2)..], server.Port);
        at += 4;
        if (!identity.IsEmpty)
        {
            target[at] = IdentityField;
            BinaryPrimitives.WriteUInt16BigEndian(target[(at + 1)..], (ushort)identity.Length);
            identity.CopyTo(target[(at + TlvHeaderBytes)..]);
            at += TlvHeaderBytes + identity.Length;
        }
        BinaryPrimitives.WriteUInt16BigEndian(target[14..], (ushort)(at - FixedBytes));
        return at;
    }

    private static int WriteAddress(Span<byte> target, Ip address, bool v4)
    {
        if (v4) return address.WriteBytes(target);
        address.WriteV6Bytes(target);
        return 16;
    }

    private static void CheckCommand(byte value)
    {
        if ((value & 0xF0) != VersionTwo) throw new ProxyHeaderException($"a PROXY header of version {value >> 4}");
        if ((value & 0x0F) is not (LocalCommand or ProxyCommand)) throw new ProxyHeaderException($"a PROXY header with command {value & 0x0F}");
    }

    private static ProxyHeader Parse(ReadOnlySpan<byte> bytes)
    {
        // What follows a LOCAL command is to be passed over, whatever it is.
        if ((bytes[12] & 0x0F) == LocalCommand) return ProxyHeader.Unnamed;
        int addressBytes = AddressBytes(bytes[13]);
        var rest = bytes[FixedBytes..];
        if (rest.Length < 2 * addressBytes) throw new ProxyHeaderException("a PROXY header is shorter than its addresses");
        CheckFields(bytes, FixedBytes + 2 * addressBytes);
        return bytes[13] switch
        {
            0x11 => Addresses(rest, 4),
            0x21 => Addresses(rest, 16),
            _ => ProxyHeader.Unnamed,
        };
    }

    /// <returns>Of one side, with its port.</returns>
    private static int AddressBytes(byte family) => family switch
    {
        0x00 => 0,
        0x11 => 6,
        0x21 => 18,
        0x31 => 108,
        _ => throw new ProxyHeaderException($"a PROXY header for a connection of TCP names family and transport {family:X2}"),
    };

    private static ProxyHeader Addresses(ReadOnlySpan<byte> rest, int bytes)
    {
        ushort sourcePort = BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * bytes)..]);
        ushort destinationPort = BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * bytes + 2)..]);
        return new ProxyHeader(
            new IpPort(Ip.FromBytes(rest[..bytes]), sourcePort),
            new IpPort(Ip.FromBytes(rest.Slice(bytes, bytes)), destinationPort));
    }

    private static void CheckFields(ReadOnlySpan<byte> header, int at)
    {
        bool summed = false;
        while (at < header.Length)
        {
            if (header.Length - at < TlvHeaderBytes) throw new ProxyHeaderException("a field of a PROXY header is cut off");
            int length = BinaryPrimitives.ReadUInt16BigEndian(header[(at + 1)..]);
            int value = at + TlvHeaderBytes;
            if (header.Length - value < length) throw new ProxyHeaderException("a field of a PROXY header is longer than the header");
            if (header[at] == ChecksumField)
            {
                if (summed || length != 4) throw new ProxyHeaderException("a PROXY header has a malformed checksum");
                summed = true;
                if (Checksum(header, value) != BinaryPrimitives.ReadUInt32BigEndian(header[value..]))
                    throw new ProxyHeaderException("a PROXY header does not have the checksum that it claims");
            }
            at = value + length;
        }
    }

    /// <summary>CRC32c (RFC 4960 appendix B) of the header with zeros in the checksum's place.</summary>
    private static uint Checksum(ReadOnlySpan<byte> header, int place)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < header.Length; i++) crc = BitOperations.Crc32C(crc, i >= place && i < place + 4 ? (byte)0 : header[i]);
        return ~crc;
    }
}
