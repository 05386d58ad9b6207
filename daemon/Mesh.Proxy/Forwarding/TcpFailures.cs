using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

internal static class TcpFailures
{
    /// <returns>Null: both sides ended in order.</returns>
    public static Failure? Of(TcpRelay relay) => relay.Broken is null ? null
        : relay.WasIdle ? new Failure(ResponseFlag.SI, FailureSide.Mesh, FailureStage.Response, relay.Broken.Message)
        : relay.BrokenByClient
            ? new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Response, relay.Broken!.Message)
        : new Failure(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response, relay.Broken!.Message);
}
