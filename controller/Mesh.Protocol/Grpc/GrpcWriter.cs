using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Mesh.Protocol.Grpc;

/// <summary>Puts length-prefixed messages on a byte stream. One writer at a time.</summary>
public sealed class GrpcWriter<T>(PipeWriter output)
    where T : class, IMessage<T>
{
    /// <summary>Returns when the stream's flow control has taken the message.</summary>
    /// <exception cref="GrpcException">The peer takes no more messages.</exception>
    /// <exception cref="IOException">The stream broke.</exception>
    public async ValueTask WriteAsync(T message)
    {
        GrpcWriter.Write(output, message);
        var result = await output.FlushAsync();
        if (result.IsCompleted) throw new GrpcException(GrpcStatusCode.Unavailable, "the peer ended the call");
    }
}

/// <summary>The framing of gRPC: one byte of flags and four of length, big-endian, before each message (PROTOCOL-HTTP2.md).</summary>
public static class GrpcWriter
{
    internal const int PrefixBytes = 5;

    public static void Write(PipeWriter output, IMessage message)
    {
        var prefix = output.GetSpan(PrefixBytes);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.CalculateSize());
        output.Advance(PrefixBytes);
        message.WriteTo(output);
    }
}
