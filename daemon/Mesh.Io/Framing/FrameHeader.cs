using System.Buffers;
using System.Buffers.Binary;

namespace Mesh.Io.Framing;

internal static class FrameHeader
{
    internal const int Length = 4;

    /// <summary>No writer here makes one this long; a peer that claims more does not speak this protocol.</summary>
    internal const int MaxDataBytes = 1 << 24;

    /// <summary>In place of a length: all that follows, to the end of the transport's direction, is data.</summary>
    internal const uint ToTheEnd = uint.MaxValue;

    internal static void Write(Span<byte> destination, uint dataBytes) => BinaryPrimitives.WriteUInt32BigEndian(destination, dataBytes);

    /// <returns>The length; <see cref="long.MaxValue"/> for <see cref="ToTheEnd"/>.</returns>
    /// <exception cref="ConnectionBrokenException">The length is out of bounds.</exception>
    internal static long Read(in ReadOnlySequence<byte> buffer, IpPort peer)
    {
        uint length;
        if (buffer.FirstSpan.Length >= Length)
        {
            length = BinaryPrimitives.ReadUInt32BigEndian(buffer.FirstSpan);
        }
        else
        {
            Span<byte> header = stackalloc byte[Length];
            buffer.Slice(0, Length).CopyTo(header);
            length = BinaryPrimitives.ReadUInt32BigEndian(header);
        }
        if (length == ToTheEnd) return long.MaxValue;
        if (length > MaxDataBytes) throw new ConnectionBrokenException(BreakKind.Reset, $"{peer} sent a frame of {length} bytes, more than is allowed");
        return length;
    }
}
