namespace Mesh.Http.Http2;

/// <summary>A token bucket for events that a peer may cause, but not without end. Refills in whole seconds, which no attacker can use:
/// the burst is the larger number.</summary>
internal sealed class FloodGuard(TimeProvider time, int burst, int perSecond, string what)
{
    private int used;
    private long refilledAt = time.GetTimestamp();

    /// <exception cref="Http2ProtocolException">ENHANCE_YOUR_CALM: too many.</exception>
    public void Count()
    {
        if (++used < burst) return;
        Refill();
        if (used >= burst)
            throw new Http2ProtocolException(ErrorCode.EnhanceYourCalm, $"too many {what}: more than {burst} at once and {perSecond} per second");
    }

    private void Refill()
    {
        long now = time.GetTimestamp();
        long seconds = (long)time.GetElapsedTime(refilledAt, now).TotalSeconds;
        if (seconds <= 0) return;
        used = (int)Math.Max(0, used - seconds * perSecond);
        refilledAt = now;
    }
}
