namespace Mesh.Io;

/// <summary>The one coarse timer of a loop: a hashed wheel of 10 ms slots that drives every deadline on it.
/// Arming and disarming cost a few pointer writes and allocate nothing; a deadline fires at most one slot late, never early.</summary>
public sealed class TimerQueue
{
    public const int SlotMilliseconds = 10;
    private const int SlotCount = 1024; // one turn is about ten seconds; longer deadlines stay in their slot for several turns

    private readonly TimeProvider time;
    private readonly long start;
    private readonly LoopTimer?[] slots = new LoopTimer?[SlotCount];
    private long handledTick = -1;
    private int armed;

    public TimerQueue(TimeProvider time) => (this.time, start) = (time, time.GetTimestamp());

    public int ArmedCount => armed;

    private long ElapsedMilliseconds => (long)time.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>Milliseconds until <see cref="Run"/> has something to do; -1 when nothing is armed.</summary>
    public int NextDueMilliseconds()
    {
        if (armed == 0) return -1;
        long now = ElapsedMilliseconds;
        for (long tick = handledTick + 1; tick <= handledTick + SlotCount; tick++)
        {
            if (slots[tick % SlotCount] is null) continue;
            return (int)Math.Max(0, tick * SlotMilliseconds - now);
        }
        return SlotMilliseconds * SlotCount;
    }

    /// <summary>Fires what is due, in order of deadline to the slot.</summary>
    public void Run()
    {
        long nowTick = ElapsedMilliseconds / SlotMilliseconds;
        if (armed == 0 || nowTick <= handledTick)
        {
            handledTick = Math.Max(handledTick, nowTick);
            return;
        }
        long first = Math.Max(handledTick + 1, nowTick - SlotCount + 1);
        for (long tick = first; tick <= nowTick; tick++)
        {
            handledTick = tick;
            FireSlot((int)(tick % SlotCount), nowTick);
        }
    }

    /// <summary>Waits for something on this loop, not longer than <paramref name="atMost"/>.</summary>
    /// <returns>Whether it came in time. Its error, if it is one, stays in the task.</returns>
    public async ValueTask<bool> InTimeAsync(Task awaited, TimeSpan atMost)
    {
        if (awaited.IsCompleted) return true;
        var late = new TaskCompletionSource();
        var timer = new LoopTimer(this, static late => ((TaskCompletionSource)late!).SetResult(), late);
        timer.Arm(atMost);
        await Task.WhenAny(awaited, late.Task);
        timer.Cancel();
        return awaited.IsCompleted;
    }

    private void FireSlot(int slot, long nowTick)
    {
        // A callback may arm or cancel any timer, this slot's too: start over after each.
        for (var timer = slots[slot]; timer is not null;)
        {
            if (timer.DueTick > nowTick)
            {
                timer = timer.Next;
                continue;
            }
            Remove(timer);
            timer.Fire();
            timer = slots[slot];
        }
    }

    internal void Add(LoopTimer timer, TimeSpan after)
    {
        long dueMilliseconds = ElapsedMilliseconds + Math.Max(0, (long)after.TotalMilliseconds);
        timer.DueTick = Math.Max(handledTick + 1, (dueMilliseconds + SlotMilliseconds - 1) / SlotMilliseconds);
        int slot = (int)(timer.DueTick % SlotCount);
        timer.Next = slots[slot];
        timer.Previous = null;
        if (timer.Next is not null) timer.Next.Previous = timer;
        slots[slot] = timer;
        timer.IsArmed = true;
        armed++;
    }

    internal void Remove(LoopTimer timer)
    {
        if (timer.Previous is not null) timer.Previous.Next = timer.Next;
        else slots[timer.DueTick % SlotCount] = timer.Next;
        if (timer.Next is not null) timer.Next.Previous = timer.Previous;
        timer.Next = timer.Previous = null;
        timer.IsArmed = false;
        armed--;
    }
}

/// <summary>A deadline that is made once per owner and armed again and again. Only to be used on its loop.</summary>
public sealed class LoopTimer(TimerQueue queue, Action<object?> callback, object? state)
{
    internal LoopTimer? Next;
    internal LoopTimer? Previous;
    internal long DueTick;

    public bool IsArmed { get; internal set; }

    /// <summary>Sets the deadline, replacing one that is armed.</summary>
    public void Arm(TimeSpan after)
    {
        Cancel();
        queue.Add(this, after);
    }

    public void Cancel()
    {
        if (IsArmed) queue.Remove(this);
    }

    internal void Fire() => callback(state);
}
