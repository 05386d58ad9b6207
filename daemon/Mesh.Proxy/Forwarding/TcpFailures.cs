using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

internal static class TcpFailures
{
    /// <returns>Null when all passed and both sides ended in order.</returns>
    public static Failure? Of(TcpRelay relay) => relay.Refusal ?? (relay.Broken is { } broken ? Broken(relay, broken.Message) : null);

    private static Failure Broken(TcpRelay relay, string reason) => relay.BrokenByClient
        ? new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Response, reason)
        : new Failure(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response, reason);
}
