using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Failures;

public enum FailureSide
{
    Client,
    Mesh,
    Upstream,
}

/// <summary>How far the exchange had come.</summary>
public enum FailureStage
{
    Routing,
    Policy,
    Connect,
    Request,
    Response,
}

/// <summary>What went wrong, told once: the response, the log, the metric and the retry all read this value.</summary>
/// <param name="RetrySafe">The upstream has certainly not seen the request.</param>
public sealed record Failure(ResponseFlag Flag, FailureSide Side, FailureStage Stage, string Reason, bool RetrySafe = false)
{
    /// <summary>The status an HTTP client gets for it.</summary>
    public int Status { get; init; } = Flag switch
    {
        ResponseFlag.NR or ResponseFlag.NC => 404,
        ResponseFlag.UAEX or ResponseFlag.TLS => 403,
        ResponseFlag.RL => 429,
        ResponseFlag.UT or ResponseFlag.DT or ResponseFlag.SI => 504,
        ResponseFlag.DPE => 502,
        ResponseFlag.CD => 500,
        _ => 503,
    };
}

/// <summary>Carries a failure from where it happens to the one place that answers.</summary>
public sealed class ProxyException(Failure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public Failure Failure { get; } = failure;
}
