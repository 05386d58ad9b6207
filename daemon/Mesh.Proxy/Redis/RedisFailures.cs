using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Redis;

/// <summary>Why a connection ends although neither side wanted it.</summary>
internal static class RedisFailures
{
    public static readonly Failure Unintelligible = new(ResponseFlag.DPE, FailureSide.Client, FailureStage.Request,
        "the client's bytes are not the Redis protocol, and a policy asks about commands");

    public static readonly Failure NoPlace = new(ResponseFlag.UAEX, FailureSide.Mesh, FailureStage.Policy,
        "a denied command cannot be answered: replies are not followed any more");

    public static Failure ReplicaBroke(string uid) => new(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response,
        $"replica {uid} broke off in the middle of an answer");

    public static Failure Denied(long count, string command, string reason) => new(ResponseFlag.UAEX, FailureSide.Mesh, FailureStage.Policy,
        $"{count} commands denied, the last, {command}, {reason}");
}
