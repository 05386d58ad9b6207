namespace Mesh.Kit.Measuring;

/// <summary>What a piece of work allocates on the thread that runs it. The smallest of several rounds counts: a garbage collection, also one that another
/// test causes, charges a thread with the unused rest of its allocation context (8 KiB), and some objects are made once.</summary>
public static class Allocation
{
    private const int rounds = 5;

    /// <returns>In bytes.</returns>
    public static long Of(Action work)
    {
        long smallest = long.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            smallest = Math.Min(smallest, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return smallest;
    }

    /// <summary>For work that stays on its loop's thread.</summary>
    /// <returns>In bytes.</returns>
    public static async Task<long> OfAsync(Func<Task> work)
    {
        long smallest = long.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            await work();
            smallest = Math.Min(smallest, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return smallest;
    }

    /// <summary>For work that another thread does, which is asked for its count.</summary>
    /// <param name="allocated">Asking may allocate as well, always the same.</param>
    /// <returns>In bytes; below zero where the first question found something to be made for the first time.</returns>
    public static async Task<long> OfAsync(Func<Task> work, Func<Task<long>> allocated)
    {
        long smallest = long.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long first = await allocated();
            long start = await allocated();
            await work();
            smallest = Math.Min(smallest, await allocated() - start - (start - first));
        }
        return smallest;
    }
}
