using System.Diagnostics;

namespace Mesh.Compare.Measuring;

/// <summary>Something done at fixed times, at most a few at once, until it is stopped.</summary>
internal sealed class SteadyChanges : IAsyncDisposable
{
    private const int AtOnce = 8;

    private readonly CancellationTokenSource stop = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly int perSecond;
    private readonly Func<Task> change;
    private readonly Task[] workers;
    private int taken;
    private int done;

    public SteadyChanges(int perSecond, Func<Task> change)
    {
        (this.perSecond, this.change) = (perSecond, change);
        workers = [.. Enumerable.Range(0, AtOnce).Select(_ => Task.Run(WorkAsync))];
    }

    /// <returns>How many a second there were.</returns>
    public async Task<double> StopAsync()
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        int count = Volatile.Read(ref done);
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        return count / seconds;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var due = TimeSpan.FromSeconds((double)Interlocked.Increment(ref taken) / perSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero) await Task.Delay(due, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            await change();
            Interlocked.Increment(ref done);
        }
    }
}
