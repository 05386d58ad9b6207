using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>Merges changes that come close together into one push: sent when nothing has changed for the quiet time, and at the latest
/// after the longest delay, so that a steady stream of changes does not starve the nodes. Thread-safe.</summary>
internal sealed class PushScheduler : IDisposable
{
    /// <summary>An apply of many files arrives as changes a few milliseconds apart.</summary>
    public static readonly TimeSpan DefaultQuiet = TimeSpan.FromMilliseconds(10);

    /// <summary>The target is 100 ms from change to wire.</summary>
    public static readonly TimeSpan DefaultLongest = TimeSpan.FromMilliseconds(80);

    private readonly Lock gate = new();
    private readonly IGraphSource source;
    private readonly TimeProvider time;
    private readonly TimeSpan quiet;
    private readonly TimeSpan longest;
    private readonly ITimer timer;
    private PushedGraph current;
    private long firstChange;
    private bool waiting;

    public PushScheduler(IGraphSource source, TimeProvider time) : this(source, time, DefaultQuiet, DefaultLongest)
    {
    }

    public PushScheduler(IGraphSource source, TimeProvider time, TimeSpan quiet, TimeSpan longest)
    {
        (this.source, this.time, this.quiet, this.longest) = (source, time, quiet, longest);
        current = PushedGraph.Of(source.Current);
        timer = time.CreateTimer(static self => ((PushScheduler)self!).Push(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        source.Changed += OnChanged;
        OnChanged(); // what changed between reading the graph and listening
    }

    public PushedGraph Current => Volatile.Read(ref current);

    /// <summary>After <see cref="Current"/> was replaced, on the timer's thread. Handlers must not block.</summary>
    public event Action<PushedGraph>? Pushed;

    public void Dispose()
    {
        source.Changed -= OnChanged;
        timer.Dispose();
    }

    private void OnChanged()
    {
        lock (gate)
        {
            if (!waiting) (waiting, firstChange) = (true, time.GetTimestamp());
            var left = longest - time.GetElapsedTime(firstChange);
            timer.Change(left < quiet ? left > TimeSpan.Zero ? left : TimeSpan.Zero : quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private void Push()
    {
        PushedGraph pushed;
        lock (gate)
        {
            waiting = false;
            pushed = current.Then(source.Current);
            if (pushed.Version == current.Version) return;
            Volatile.Write(ref current, pushed);
        }
        Pushed?.Invoke(pushed);
    }
}
