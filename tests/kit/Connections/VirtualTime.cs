namespace Mesh.Kit.Connections;

/// <summary>Time that moves only when a test says so, and the loops that live on it. Everything runs in the caller's thread,
/// one callback after another, so a run is repeatable: same inputs, same order.</summary>
/// <param name="random">Given, the next loop to run is drawn from it: other interleavings for other seeds. Otherwise loops take turns.</param>
public sealed class VirtualTime(Random? random = null) : TimeProvider
{
    private const int LivelockBound = 10_000_000;
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<TestLoop> loops = [];
    private readonly List<VirtualTimer> timers = [];
    private long nowTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref nowTicks);

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(GetTimestamp());

    /// <summary>Since the start of the test.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <summary>Runs every loop until none has anything to do at the present moment.</summary>
    public void RunUntilIdle()
    {
        for (int steps = 0; RunOneTurn(); steps++)
        {
            if (steps > LivelockBound) throw new InvalidOperationException($"loops are still busy after {LivelockBound} turns: a livelock");
        }
    }

    /// <summary>Moves time forward, stopping at every deadline on the way so that each fires at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        long end = nowTicks + by.Ticks;
        RunUntilIdle();
        while (NextDueTicks() is { } due && due <= end)
        {
            nowTicks = Math.Max(nowTicks, due);
            FireTimers();
            RunUntilIdle();
        }
        nowTicks = end;
        RunUntilIdle();
    }

    /// <summary>Runs loops, and time if need be, until the condition holds.</summary>
    /// <exception cref="TimeoutException">It does not hold within that much virtual time.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan within, string what)
    {
        long end = nowTicks + within.Ticks;
        RunUntilIdle();
        while (!condition())
        {
            if (NextDueTicks() is not { } due || due > end)
                throw new TimeoutException($"{what}: not so after {within} of virtual time (now {Elapsed}), and nothing is left to happen before");
            nowTicks = Math.Max(nowTicks, due);
            FireTimers();
            RunUntilIdle();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    internal void Add(TestLoop loop) => loops.Add(loop);

    /// <summary>A loop that is gone (a node that was stopped) never runs again, whatever is still posted to it.</summary>
    public void Remove(TestLoop loop) => loops.Remove(loop);

    private bool RunOneTurn()
    {
        if (random is not null) return RunDrawnTurn(random);
        bool ran = false;
        for (int i = 0; i < loops.Count; i++) ran |= loops[i].RunTurn();
        return ran;
    }

    private bool RunDrawnTurn(Random random)
    {
        if (loops.Count == 0) return false;
        int first = random.Next(loops.Count);
        for (int i = 0; i < loops.Count; i++)
        {
            if (loops[(first + i) % loops.Count].RunTurn()) return true;
        }
        return false;
    }

    private long? NextDueTicks()
    {
        long? next = null;
        foreach (var loop in loops)
        {
            int milliseconds = loop.Timers.NextDueMilliseconds();
            if (milliseconds >= 0) Keep(nowTicks + Math.Max(1, milliseconds) * TimeSpan.TicksPerMillisecond);
        }
        lock (timers)
        {
            foreach (var timer in timers) Keep(timer.DueTicks);
        }
        return next;

        void Keep(long due) => next = next is { } best && best <= due ? best : due;
    }

    private void FireTimers()
    {
        while (TakeDue() is { } timer) timer.Fire();

        VirtualTimer? TakeDue()
        {
            lock (timers)
            {
                var due = timers.Where(timer => timer.DueTicks <= nowTicks).MinBy(timer => timer.DueTicks);
                if (due is not null) timers.Remove(due);
                return due;
            }
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public long DueTicks { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.timers)
            {
                time.timers.Remove(this);
                this.period = period;
                if (dueTime < TimeSpan.Zero) return true;
                DueTicks = time.GetTimestamp() + dueTime.Ticks;
                time.timers.Add(this);
                return true;
            }
        }

        public void Fire()
        {
            if (period > TimeSpan.Zero) Change(period, period);
            callback(state);
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
