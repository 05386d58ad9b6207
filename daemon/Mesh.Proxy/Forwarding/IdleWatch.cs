using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>Tells when no byte has moved for a while. Armed once a timeout rather than once a read: it looks how long ago the last byte was.</summary>
internal sealed class IdleWatch
{
    private readonly Loop loop;
    private readonly Action onIdle;
    private readonly LoopTimer timer;
    private TimeSpan timeout;
    private long lastActive;
    private bool isWatching;

    public IdleWatch(Loop loop, Action onIdle)
    {
        (this.loop, this.onIdle) = (loop, onIdle);
        timer = new LoopTimer(loop.Timers, static self => ((IdleWatch)self!).Look(), this);
    }

    public void Begin(TimeSpan idleTimeout)
    {
        (timeout, isWatching) = (idleTimeout, true);
        Touch();
        timer.Arm(timeout);
    }

    /// <summary>From now on with a timeout of at most this, begun or not.</summary>
    public void Tighten(TimeSpan most) => Begin(isWatching && timeout < most ? timeout : most);

    public void Touch() => lastActive = loop.Time.GetTimestamp();

    public void End()
    {
        isWatching = false;
        timer.Cancel();
    }

    private void Look()
    {
        var left = timeout - loop.Time.GetElapsedTime(lastActive);
        if (left > TimeSpan.Zero) timer.Arm(left);
        else onIdle();
    }
}
