namespace Mesh.Proxy.Forwarding;

/// <summary>How long a request may take, from now: to find a connection, to send it again, to the end of the answer (Gateway API, HTTPRouteTimeouts).</summary>
/// <param name="limit">Zero: as long as it likes.</param>
internal readonly struct TimeLimit(TimeProvider time, TimeSpan limit)
{
    private readonly long start = limit > TimeSpan.Zero ? time.GetTimestamp() : 0;

    public bool IsPassed => limit > TimeSpan.Zero && time.GetElapsedTime(start) >= limit;

    /// <summary>Zero: no limit; else more, as short as may be when it has passed.</summary>
    public TimeSpan Left => limit > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Max(1, (limit - time.GetElapsedTime(start)).Ticks)) : TimeSpan.Zero;
}
