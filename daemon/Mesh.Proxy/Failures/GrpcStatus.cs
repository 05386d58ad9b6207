using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Failures;

/// <summary>The codes of gRPC for failures of the mesh. A client's library may retry UNAVAILABLE: it is said where a later attempt can succeed.</summary>
internal static class GrpcStatus
{
    private const int Cancelled = 1, DeadlineExceeded = 4, PermissionDenied = 7, ResourceExhausted = 8, Unimplemented = 12, Internal = 13, Unavailable = 14;

    public static int Of(Failure failure) => failure.Flag switch
    {
        ResponseFlag.DC => Cancelled,
        ResponseFlag.UT or ResponseFlag.DT or ResponseFlag.SI => DeadlineExceeded,
        ResponseFlag.UAEX or ResponseFlag.TLS => PermissionDenied,
        ResponseFlag.RL => ResourceExhausted,
        ResponseFlag.NR => Unimplemented,
        ResponseFlag.DPE when failure.Side == FailureSide.Client => Internal,
        _ => Unavailable,
    };
}
