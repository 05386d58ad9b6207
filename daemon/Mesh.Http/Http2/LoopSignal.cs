using System.Threading.Tasks.Sources;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Something that may have become true, to be looked at when the turn ends.</summary>
internal abstract class LoopSignal
{
    /// <summary>Already in the list of signals to be fired.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Somebody waits for it just now.</summary>
    public virtual bool IsAwaited => true;

    public abstract void Fire();
}

/// <summary>One asynchronous operation at a time that waits on the loop until its result is there. Reused without end, allocates nothing.
/// The waiter continues inline although it captured the loop's context: it already is on the loop. (ConfigureAwait(false) would not do:
/// with a context in place the framework moves continuations of plain tasks to the thread pool.)</summary>
internal abstract class LoopWait<T> : LoopSignal, IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> core;
    private bool waiting;

    /// <returns>False: go on waiting.</returns>
    /// <exception cref="ConnectionBrokenException">Given to the waiter.</exception>
    protected abstract bool TryComplete(out T result);

    public override bool IsAwaited => waiting;

    public ValueTask<T> WaitAsync()
    {
        if (waiting) throw new InvalidOperationException("an operation of this kind is already pending on this stream or connection");
        core.Reset();
        waiting = true;
        return new ValueTask<T>(this, core.Version);
    }

    public override void Fire()
    {
        if (!waiting) return;
        T result;
        try
        {
            if (!TryComplete(out result)) return;
        }
        catch (ConnectionBrokenException broken)
        {
            waiting = false;
            core.SetException(broken);
            return;
        }
        waiting = false;
        core.SetResult(result);
    }

    public T GetResult(short token) => core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);
}
