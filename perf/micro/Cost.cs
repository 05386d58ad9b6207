using System.Diagnostics;

namespace Mesh.Micro;

/// <summary>What one operation costs on this thread.</summary>
internal static class Cost
{
    private const int Rounds = 9;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(60);

    public static (double Median, double Lowest, double Highest) Nanoseconds(Operation operation)
    {
        int count = 1;
        while (Time(operation, count) < RoundTime / 4) count *= 2;
        count *= 4;
        double[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Time(operation, count).TotalNanoseconds / count).Order()];
        return (rounds[Rounds / 2], rounds[0], rounds[^1]);
    }

    /// <summary>After a thousand runs that may allocate as they like: caches fill, buffers grow.</summary>
    public static double BytesPerRun(Operation operation)
    {
        const int runs = 1000;
        Repeat(operation, runs);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(operation, runs);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)runs;
    }

    private static TimeSpan Time(Operation operation, int count)
    {
        long start = Stopwatch.GetTimestamp();
        Repeat(operation, count);
        return Stopwatch.GetElapsedTime(start);
    }

    private static void Repeat(Operation operation, int count)
    {
        for (int i = 0; i < count; i++) operation.Run();
    }
}
