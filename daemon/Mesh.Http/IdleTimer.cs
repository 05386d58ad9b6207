using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http;

/// <summary>Bounds one wait for input: when it fires, the pending read comes back cancelled.</summary>
internal sealed class IdleTimer
{
    private readonly LoopTimer timer;

    public IdleTimer(TimerQueue timers, PipeReader input) => timer = new LoopTimer(timers, static reader => ((PipeReader)reader!).CancelPendingRead(), input);

    public void Start(TimeSpan limit) => timer.Arm(limit);

    public void Stop() => timer.Cancel();
}
