using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Collects what a turn of the loop causes on one connection and does it at the turn's end: first those who wait are continued, then
/// all that they wrote goes out in one flush. So protocol code is never re-entered from the middle of a frame.</summary>
internal sealed class Turn(Loop loop, Action pump)
{
    private readonly Queue<LoopSignal> due = new();
    private bool running;
    private bool requested;

    public void Wake(LoopSignal signal)
    {
        if (!signal.IsQueued && signal.IsAwaited)
        {
            signal.IsQueued = true;
            due.Enqueue(signal);
        }
        Request();
    }

    /// <summary>There is something to send.</summary>
    public void Request()
    {
        if (requested) return;
        requested = true;
        if (!running) loop.Post(static state => ((Turn)state!).RunPosted(), this);
    }

    /// <summary>From here to <see cref="End"/> requests are only noted.</summary>
    public void Begin() => running = true;

    public void End()
    {
        running = true;
        do
        {
            requested = false;
            while (due.TryDequeue(out var signal))
            {
                signal.IsQueued = false;
                signal.Fire();
            }
            pump();
        }
        while (requested);
        running = false;
    }

    /// <summary>As <see cref="End"/>, from a continuation that may itself run inside the turn.</summary>
    public void RunNow()
    {
        if (running) requested = true;
        else End();
    }

    private void RunPosted()
    {
        if (requested && !running) End();
    }
}
