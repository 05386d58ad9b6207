using System.Threading.Tasks.Sources;

namespace Mesh.Http.Http2;

/// <summary>Lets one asynchronous method wait for "something changed" on the loop; it then looks for itself. Reused without end, allocates nothing.
/// The waiter continues inline, also when it captured the loop's context: it already is on the loop.</summary>
internal sealed class LoopSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> core;
    private bool waiting;

    /// <summary>Already in the list of signals to be fired at the end of the turn.</summary>
    public bool IsQueued { get; set; }

    public ValueTask WaitAsync()
    {
        if (waiting) throw new InvalidOperationException("an operation of this kind is already pending on this stream or connection");
        core.Reset();
        waiting = true;
        return new ValueTask(this, core.Version);
    }

    public void Fire()
    {
        if (!waiting) return;
        waiting = false;
        core.SetResult(true);
    }

    public void GetResult(short token) => core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);
}
