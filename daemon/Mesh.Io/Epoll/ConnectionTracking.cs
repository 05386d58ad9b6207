using System.Buffers.Binary;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>Asks the kernel's connection tracking what a redirected UDP datagram was meant for; of TCP a socket knows it itself. The kernel answers
/// within the call that asks. One thread; owns the descriptor.</summary>
/// <param name="fd">A netfilter netlink socket that does not block.</param>
internal sealed unsafe class ConnectionTracking(int fd) : IDisposable
{
    private const int HeaderLength = 20; // nlmsghdr and nfgenmsg
    private const int MaxLength = 1024;
    private const ushort GetMessage = 1 << 8 | 1; // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
    private const ushort NewMessage = 1 << 8;
    private const ushort Request = 1;
    private const ushort Nested = 0x8000;
    private const ushort TupleOriginal = 1, TupleReply = 2, TupleAddresses = 1, TupleProtocol = 2;
    private const ushort SourceV4 = 1, DestinationV4 = 2, SourceV6 = 3, DestinationV6 = 4;
    private const ushort ProtocolNumber = 1, ProtocolSourcePort = 2, ProtocolDestinationPort = 3;

    private uint sequence;

    /// <summary>False when the kernel does not know it.</summary>
    /// <param name="listener">Where the datagram arrived.</param>
    /// <param name="sender">From whom.</param>
    public bool TryFindOriginalDestination(IpPort listener, IpPort sender, out IpPort destination)
    {
        destination = default;
        if (listener.Address.IsV4 != sender.Address.IsV4) return false;
        var buffer = stackalloc byte[MaxLength];
        int length = WriteRequest(new Span<byte>(buffer, MaxLength), listener, sender, ++sequence);
        if (LibC.Send(fd, buffer, length, LibC.MessageDontWait) != length) return false;
        nint count;
        // An answer to an earlier question that was not waited for is passed over.
        while ((count = LibC.Receive(fd, buffer, MaxLength, LibC.MessageDontWait)) >= HeaderLength)
        {
            var message = new ReadOnlySpan<byte>(buffer, (int)count);
            if (BinaryPrimitives.ReadUInt32LittleEndian(message[8..]) == sequence)
                return BinaryPrimitives.ReadUInt16LittleEndian(message[4..]) == NewMessage && TryReadDestination(message[HeaderLength..], sender.Address.IsV4, out destination);
        }
        return false;
    }

    /// <summary>The connection whose answers go from the listener to the sender. Returns the length.</summary>
    internal static int WriteRequest(Span<byte> buffer, IpPort listener, IpPort sender, uint sequence)
    {
        bool isV4 = sender.Address.IsV4;
        buffer[..HeaderLength].Clear();
        int end = HeaderLength;
        int tuple = Open(buffer, ref end, TupleReply);
        int addresses = Open(buffer, ref end, TupleAddresses);
        Add(buffer, ref end, isV4 ? SourceV4 : SourceV6, listener.Address.ToBytes());
        Add(buffer, ref end, isV4 ? DestinationV4 : DestinationV6, sender.Address.ToBytes());
        Close(buffer, end, addresses);
        int protocol = Open(buffer, ref end, TupleProtocol);
        Add(buffer, ref end, ProtocolNumber, [LibC.ProtocolUdp]);
        Add(buffer, ref end, ProtocolSourcePort, [(byte)(listener.Port >> 8), (byte)listener.Port]);
        Add(buffer, ref end, ProtocolDestinationPort, [(byte)(sender.Port >> 8), (byte)sender.Port]);
        Close(buffer, end, protocol);
        Close(buffer, end, tuple);
        BinaryPrimitives.WriteInt32LittleEndian(buffer, end);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[4..], GetMessage);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[6..], Request);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[8..], sequence);
        buffer[16] = (byte)(isV4 ? LibC.AfInet : LibC.AfInet6);
        return end;
    }

    internal static bool TryReadDestination(ReadOnlySpan<byte> attributes, bool isV4, out IpPort destination)
    {
        destination = default;
        var original = Find(attributes, TupleOriginal);
        var address = Find(Find(original, TupleAddresses), isV4 ? DestinationV4 : DestinationV6);
        var port = Find(Find(original, TupleProtocol), ProtocolDestinationPort);
        if (address.Length != (isV4 ? 4 : 16) || port.Length != 2) return false;
        destination = new(Ip.FromBytes(address), BinaryPrimitives.ReadUInt16BigEndian(port));
        return true;
    }

    private static int Open(Span<byte> buffer, ref int end, ushort type)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[(end + 2)..], (ushort)(type | Nested));
        end += 4;
        return end - 4;
    }

    private static void Close(Span<byte> buffer, int end, int start) => BinaryPrimitives.WriteUInt16LittleEndian(buffer[start..], (ushort)(end - start));

    private static void Add(Span<byte> buffer, ref int end, ushort type, ReadOnlySpan<byte> value)
    {
        int padded = value.Length + 3 & ~3;
        buffer.Slice(end, 4 + padded).Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[end..], (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[(end + 2)..], type);
        value.CopyTo(buffer[(end + 4)..]);
        end += 4 + padded;
    }

    /// <summary>Empty when there is none of that type.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length) return [];
            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & 0x3fff) == wanted) return attributes[4..length];
            attributes = attributes[Math.Min(attributes.Length, length + 3 & ~3)..];
        }
        return [];
    }

    public void Dispose() => LibC.Close(fd);
}
