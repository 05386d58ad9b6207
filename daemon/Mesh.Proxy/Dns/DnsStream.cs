using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>DNS over TCP: messages behind their length in two bytes (RFC 1035 section 4.2.2).</summary>
internal static class DnsStream
{
    internal const int MaxMessageLength = ushort.MaxValue;

    /// <summary>Null at the end of the stream, or when a message is longer than allowed.</summary>
    /// <exception cref="ConnectionBrokenException">The connection broke.</exception>
    internal static async ValueTask<byte[]?> ReadAsync(PipeReader input, int maxLength)
    {
        while (true)
        {
            var result = await input.ReadAsync();
            if (TryTake(result.Buffer, maxLength, out var message, out var consumed, out bool isTooLong))
            {
                input.AdvanceTo(consumed);
                return message;
            }
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted || isTooLong) return null;
        }
    }

    internal static async ValueTask WriteAsync(PipeWriter output, ReadOnlyMemory<byte> message)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), (ushort)message.Length);
        output.Advance(2);
        output.Write(message.Span);
        await output.FlushAsync();
    }

    private static bool TryTake(in ReadOnlySequence<byte> buffer, int maxLength, out byte[] message, out SequencePosition consumed, out bool isTooLong)
    {
        (message, consumed, isTooLong) = ([], buffer.Start, false);
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadBigEndian(out short prefix)) return false;
        int length = (ushort)prefix;
        isTooLong = length > maxLength;
        if (isTooLong || reader.Remaining < length) return false;
        message = buffer.Slice(reader.Position, length).ToArray();
        consumed = buffer.GetPosition(2 + length);
        return true;
    }
}
