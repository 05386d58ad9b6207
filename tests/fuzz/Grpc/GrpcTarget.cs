using System.IO.Pipelines;
using System.Text;
using Google.Protobuf;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;

namespace Mesh.Tests.Fuzz.Grpc;

/// <summary>A stream of gRPC messages: the same messages and the same end wherever it is split.</summary>
internal sealed class GrpcTarget : IFuzzTarget
{
    private static readonly GrpcLimits Limits = new() { MaxMessageBytes = 64 * 1024 };

    public string Name => "grpc";

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var request = new DeltaDiscoveryRequest { Node = new Node { Id = "node-1", Cluster = "c" }, TypeUrl = "type.mesh.internal/mesh.config.v1.Workload" };
            return [[.. Message(request), .. Message(new DeltaDiscoveryRequest())], [1, 0, 0, 0, 0], [0, 0, 0, 0, 2, 0x0a]];
        }
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        string whole = Read([input.ToArray()]);
        Assert.Equal(whole, Read(Pieces.Of(input)));
    }

    private static string Read(List<byte[]> pieces)
    {
        var messages = new StringBuilder();
        try
        {
            var reader = new GrpcReader<DeltaDiscoveryRequest>(PipeReader.Create(Pieces.Sequence(pieces)), DeltaDiscoveryRequest.Parser, Limits);
            while (reader.ReadAsync() is var next && next.IsCompleted && next.Result is { } message)
                messages.Append(Convert.ToHexString(message.ToByteArray())).Append('\n');
        }
        catch (GrpcException error)
        {
            messages.Append(error.Message);
        }
        return messages.ToString();
    }

    private static byte[] Message(DeltaDiscoveryRequest message) => [0, 0, 0, 0, (byte)message.CalculateSize(), .. message.ToByteArray()];
}
