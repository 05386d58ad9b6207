using Mesh.Io.Buffers;

namespace Mesh.Io;

/// <summary>One thread of work. Everything that belongs to a connection runs here, so it needs no locks.
/// Real loops wait on epoll; a simulation runs many loops in one thread on virtual time.</summary>
public abstract class Loop
{
    protected Loop(string name, int index, TimeProvider time)
    {
        (Name, Index, Time) = (name, index, time);
        Timers = new TimerQueue(time);
        Context = new LoopSynchronizationContext(this);
    }

    [ThreadStatic] private static Loop? current;

    /// <summary>The loop whose thread this is, or null on any other thread.</summary>
    public static Loop? Current
    {
        get => current;
        protected set => current = value;
    }

    public string Name { get; }

    /// <summary>0 to the number of loops - 1: index into per-loop shards.</summary>
    public int Index { get; }

    public TimeProvider Time { get; }

    /// <summary>Deadlines of this loop. Only to be used on the loop.</summary>
    public TimerQueue Timers { get; }

    /// <summary>Blocks for what this loop's connections read and write. Only to be used on the loop.</summary>
    public BufferPool Buffers { get; } = new();

    public LoopCounts Counts { get; } = new();

    /// <summary>Installed on the loop's thread, so that awaiting a task that completes elsewhere resumes here.</summary>
    public SynchronizationContext Context { get; }

    public bool IsCurrent => current == this;

    /// <summary>Runs the callback on the loop, after what is running now. Any thread may call it; order is kept per caller.</summary>
    public abstract void Post(Action<object?> callback, object? state);

    /// <summary>Starts asynchronous work on the loop and gives its end to the caller, wherever it is.</summary>
    public Task RunAsync(Func<Task> work)
    {
        if (IsCurrent) return work();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(static async state =>
        {
            var (work, done) = ((Func<Task>, TaskCompletionSource))state!;
            try
            {
                await work();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }, (work, done));
        return done.Task;
    }

    private sealed class LoopSynchronizationContext(Loop loop) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            loop.Post(static pair =>
            {
                var (callback, inner) = ((SendOrPostCallback, object?))pair!;
                callback(inner);
            }, (d, state));

        public override void Send(SendOrPostCallback d, object? state)
        {
            if (!loop.IsCurrent) throw new NotSupportedException("a loop is never waited for");
            d(state);
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
