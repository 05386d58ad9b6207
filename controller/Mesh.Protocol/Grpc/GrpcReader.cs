using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Mesh.Protocol.Grpc;

/// <summary>Takes length-prefixed messages from a byte stream. Bytes are consumed as they arrive, so that a message larger than the
/// flow-control window of the stream below gets through. One reader at a time.</summary>
public sealed class GrpcReader<T>(PipeReader input, MessageParser<T> parser, GrpcLimits limits)
    where T : class, IMessage<T>
{
    private readonly byte[] prefix = new byte[GrpcWriter.PrefixBytes];
    private int prefixFilled;
    private byte[]? message;
    private int messageBytes;
    private int messageFilled;

    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="GrpcException">Compressed, too large, cut off, or not a message of that type.</exception>
    /// <exception cref="IOException">The stream broke.</exception>
    public async ValueTask<T?> ReadAsync()
    {
        while (true)
        {
            var result = await input.ReadAsync();
            var rest = result.Buffer;
            bool whole = Take(ref rest);
            input.AdvanceTo(rest.Start);
            if (whole) return Finish();
            if (result.IsCanceled) throw new GrpcException(GrpcStatusCode.Cancelled, "the call was cancelled");
            if (!result.IsCompleted) continue;
            if (prefixFilled == 0) return null;
            throw new GrpcException(GrpcStatusCode.Internal, "the stream ended inside a message");
        }
    }

    /// <summary>Takes what belongs to the current message; true when it is whole.</summary>
    private bool Take(ref ReadOnlySequence<byte> rest)
    {
        if (message is null)
        {
            prefixFilled += Copy(ref rest, prefix.AsSpan(prefixFilled));
            if (prefixFilled < prefix.Length) return false;
            StartMessage();
        }
        messageFilled += Copy(ref rest, message.AsSpan(messageFilled, messageBytes - messageFilled));
        return messageFilled == messageBytes;
    }

    private void StartMessage()
    {
        if (prefix[0] != 0) throw new GrpcException(GrpcStatusCode.Unimplemented, "compressed messages are not supported: send them with identity encoding");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (length > limits.MaxMessageBytes)
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"a message of {length} bytes is larger than the limit of {limits.MaxMessageBytes}");
        messageBytes = (int)length;
        messageFilled = 0;
        message = ArrayPool<byte>.Shared.Rent(messageBytes);
    }

    private T Finish()
    {
        byte[] bytes = message!;
        (message, prefixFilled) = (null, 0);
        try
        {
            return parser.ParseFrom(bytes.AsSpan(0, messageBytes));
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"not a {typeof(T).Name}: {error.Message}", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static int Copy(ref ReadOnlySequence<byte> from, Span<byte> to)
    {
        var part = from.Slice(0, Math.Min(from.Length, to.Length));
        part.CopyTo(to);
        from = from.Slice(part.End);
        return (int)part.Length;
    }
}
