using Google.Protobuf;
using Mesh.Io;
using Mesh.Protocol.Grpc;

namespace Mesh.Controller.Distribution;

/// <summary>Addresses on the wire: 4 or 16 bytes in network order.</summary>
internal static class Addresses
{
    public static bool IsValid(ByteString bytes) => bytes.Length is 4 or 16;

    /// <exception cref="GrpcException">InvalidArgument: one has another length.</exception>
    public static List<Ip> Read(IEnumerable<ByteString> addresses)
    {
        var read = new List<Ip>();
        foreach (var bytes in addresses)
        {
            if (!IsValid(bytes)) throw new GrpcException(GrpcStatusCode.InvalidArgument, $"an address has {bytes.Length} bytes instead of 4 or 16");
            read.Add(Ip.FromBytes(bytes.Span));
        }
        return read;
    }
}
