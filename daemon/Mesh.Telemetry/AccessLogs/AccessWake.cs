namespace Mesh.Telemetry.AccessLogs;

/// <summary>How loops tell the writing thread that there is something to write. While nothing is logged nobody wakes; the first record after
/// that costs its loop one interlocked operation and a work item for the thread pool, every other record one look at a flag.</summary>
internal sealed class AccessWake(Action first, Action urgent)
{
    private readonly Item onFirst = new(first);
    private readonly Item onUrgent = new(urgent);
    private int awake;

    /// <summary>On a loop, after a record was published.</summary>
    public void OnRecord(bool urgent)
    {
        if (Volatile.Read(ref awake) == 0 && Interlocked.Exchange(ref awake, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(onFirst, preferLocal: false);
        if (urgent) ThreadPool.UnsafeQueueUserWorkItem(onUrgent, preferLocal: false);
    }

    /// <summary>Before the writing thread looks into the rings: records that it does not see will wake it. A loop publishes its record and then
    /// looks at the flag, without a barrier of its own; this one holds for all threads.</summary>
    public void Rearm()
    {
        Volatile.Write(ref awake, 0);
        Interlocked.MemoryBarrierProcessWide();
    }

    private sealed class Item(Action run) : IThreadPoolWorkItem
    {
        public void Execute() => run();
    }
}
