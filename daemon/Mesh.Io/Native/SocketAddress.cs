using System.Buffers.Binary;

namespace Mesh.Io.Native;

/// <summary>sockaddr_in and sockaddr_in6 as bytes.</summary>
internal static class SocketAddress
{
    public const int MaxLength = 28;
    private const int V4Length = 16;

    /// <summary>Returns the length. An IPv4 address is written mapped when the socket is of the IPv6 family.</summary>
    public static int Write(Span<byte> destination, IpPort value, bool asV6)
    {
        destination[..MaxLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], value.Port);
        if (asV6 || !value.Address.IsV4)
        {
            BitConverter.TryWriteBytes(destination, (ushort)LibC.AfInet6);
            value.Address.WriteV6Bytes(destination[8..]);
            return MaxLength;
        }
        BitConverter.TryWriteBytes(destination, (ushort)LibC.AfInet);
        value.Address.WriteBytes(destination[4..]);
        return V4Length;
    }

    public static IpPort Read(ReadOnlySpan<byte> source)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(source[2..]);
        bool isV6 = BitConverter.ToUInt16(source) == LibC.AfInet6;
        return new(Ip.FromBytes(isV6 ? source.Slice(8, 16) : source.Slice(4, 4)), port);
    }
}
