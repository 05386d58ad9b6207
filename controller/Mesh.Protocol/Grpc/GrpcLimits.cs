namespace Mesh.Protocol.Grpc;

/// <summary>What one side of a call accepts.</summary>
public sealed record GrpcLimits
{
    public static readonly GrpcLimits Default = new();

    /// <summary>gRPC's own default. A message is held in memory whole: higher lets one peer hold more.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;
}
