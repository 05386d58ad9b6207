using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Notices peers that are gone without a word: silence for the interval sends a PING, silence for the timeout after it ends the connection.
/// One timer, armed once per interval; received bytes cost a flag.</summary>
internal sealed class KeepAlive
{
    private readonly Http2Limits limits;
    private readonly Action ping;
    private readonly Action dead;
    private readonly Action look;
    private readonly LoopTimer timer;
    private bool heard;
    private bool asked;

    /// <param name="look">Called at every interval as well.</param>
    public KeepAlive(Loop loop, Http2Limits limits, Action ping, Action dead, Action look)
    {
        (this.limits, this.ping, this.dead, this.look) = (limits, ping, dead, look);
        timer = new LoopTimer(loop.Timers, static state => ((KeepAlive)state!).OnDue(), this);
    }

    public void Start()
    {
        if (limits.PingInterval != Timeout.InfiniteTimeSpan) timer.Arm(limits.PingInterval);
    }

    public void Stop() => timer.Cancel();

    public void OnBytes() => heard = true;

    private void OnDue()
    {
        look();
        if (!heard && asked)
        {
            dead();
            return;
        }
        asked = !heard;
        heard = false;
        timer.Arm(asked ? limits.PingTimeout : limits.PingInterval);
        if (asked) ping();
    }
}
