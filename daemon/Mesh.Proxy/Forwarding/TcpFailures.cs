using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

internal static class TcpFailures
{
    public static Failure Of(TcpRelay relay) => relay.BrokenByClient
        ? new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Response, relay.Broken!.Message)
        : new Failure(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response, relay.Broken!.Message);
}
