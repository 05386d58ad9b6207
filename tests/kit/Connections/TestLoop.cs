using System.Collections.Concurrent;
using Mesh.Io;

namespace Mesh.Kit.Connections;

/// <summary>A loop that runs in the test's own thread, when the test says so, on virtual time.
/// <code>
/// var loop = new TestLoop();
/// var (client, server) = MemoryConnection.Pair(loop);
/// loop.Run(async () => { … await … });        // to its end, or fails when nothing is left that could finish it
/// loop.Advance(TimeSpan.FromSeconds(10));     // fires the deadlines on the way
/// </code></summary>
public sealed class TestLoop : Loop
{
    private readonly ConcurrentQueue<(Action<object?> Callback, object? State)> posted = new();

    public TestLoop(string name = "test", int index = 0, VirtualTime? time = null)
        : base(name, index, time ??= new VirtualTime())
    {
        Clock = time;
        Clock.Add(this);
    }

    public VirtualTime Clock { get; }

    public override void Post(Action<object?> callback, object? state) => posted.Enqueue((callback, state));

    public void RunUntilIdle() => Clock.RunUntilIdle();

    public void Advance(TimeSpan by) => Clock.Advance(by);

    /// <summary>Runs the work on this loop to its end, moving virtual time as far as the bound when only a deadline can continue it.</summary>
    /// <param name="within">Of virtual time; a minute unless told.</param>
    /// <exception cref="TimeoutException">The work waits for something that will not happen.</exception>
    public void Run(Func<Task> work, TimeSpan? within = null)
    {
        Task? task = null;
        Post(_ => task = work(), null);
        Clock.RunUntil(() => task is { IsCompleted: true }, within ?? TimeSpan.FromMinutes(1), "the work given to the loop is done");
        task!.GetAwaiter().GetResult();
    }

    /// <summary>As the other overload, for work with a result.</summary>
    public T Run<T>(Func<Task<T>> work, TimeSpan? within = null)
    {
        T result = default!;
        Run(async () => { result = await work(); }, within);
        return result;
    }

    /// <summary>Runs what was posted before this turn and the deadlines that are due; false if there was nothing.</summary>
    internal bool RunTurn()
    {
        int due = posted.Count;
        if (due == 0 && Timers.NextDueMilliseconds() != 0) return false;
        var (outerLoop, outerContext) = (Current, SynchronizationContext.Current);
        Current = this;
        SynchronizationContext.SetSynchronizationContext(Context);
        try
        {
            Timers.Run();
            while (due-- > 0 && posted.TryDequeue(out var item)) item.Callback(item.State);
        }
        finally
        {
            Current = outerLoop;
            SynchronizationContext.SetSynchronizationContext(outerContext);
        }
        return true;
    }
}
