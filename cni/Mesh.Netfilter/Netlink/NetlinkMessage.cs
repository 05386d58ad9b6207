using System.Buffers.Binary;

namespace Mesh.Netfilter.Netlink;

/// <summary>One rtnetlink request, written field by field. Little-endian hosts only, as all that the product supports are.</summary>
internal ref struct NetlinkMessage
{
    internal const int HeaderSizeBytes = 16;
    internal const ushort Request = 1;
    internal const ushort Acknowledge = 4;
    internal const ushort Exclusive = 0x200;
    internal const ushort Dump = 0x300;
    internal const ushort Create = 0x400;

    private readonly Span<byte> buffer;
    private int length;

    /// <param name="buffer">At least 128 bytes; every request here is shorter.</param>
    internal NetlinkMessage(Span<byte> buffer, ushort type, ushort flags)
    {
        this.buffer = buffer;
        buffer.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[6..], (ushort)(flags | Request));
        length = HeaderSizeBytes;
    }

    internal void Append(scoped ReadOnlySpan<byte> header)
    {
        header.CopyTo(buffer[length..]);
        length += header.Length;
    }

    internal void Attribute(ushort type, uint value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[length..], 8);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[(length + 2)..], type);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[(length + 4)..], value);
        length += 8;
    }

    internal readonly ReadOnlySpan<byte> Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, (uint)length);
        return buffer[..length];
    }
}
