using System.Globalization;
using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Where records go. Called by one thread at a time.</summary>
public interface IAccessSink
{
    /// <param name="record">Valid during the call.</param>
    void Write(in AccessRecord record);

    /// <summary>After a batch.</summary>
    void Flush();
}

/// <summary>The access log of all loops: a ring each, and one task that writes them out. It sleeps while nothing is logged.</summary>
public sealed class AccessLog : IAsyncDisposable
{
    /// <summary>How old a record may get before it is written.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly AccessRing[] rings;
    private readonly IAccessSink sink;
    private readonly AccessWake wake;
    private readonly ITimer timer;
    private readonly SemaphoreSlim due = new(0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;
    private readonly Action<Exception> failed;

    /// <param name="failed">Told when the sink fails, at most once until it works again; the records of that batch are lost.</param>
    public AccessLog(MetricRegistry metrics, int loops, IAccessSink sink, TimeProvider time, Action<Exception> failed)
    {
        (this.sink, this.failed) = (sink, failed);
        timer = time.CreateTimer(static state => ((SemaphoreSlim)state!).Release(), due, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        wake = new AccessWake(() => timer.Change(Interval, Timeout.InfiniteTimeSpan), () => due.Release());
        rings = [.. Enumerable.Range(0, loops).Select(loop =>
            new AccessRing(metrics.Shard(loop).Counter(MeshMetrics.AccessRecordsDropped, loop.ToString(CultureInfo.InvariantCulture)), wake))];
        writing = Task.Run(WriteAsync);
    }

    /// <summary>To be used only on the loop of that index.</summary>
    public AccessRing Ring(int loopIndex) => rings[loopIndex];

    /// <summary>Writes what is left and stops. The loops must have stopped filling rings.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await writing;
        await timer.DisposeAsync();
        stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        bool working = true;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await due.WaitAsync(stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // The rest is written below.
            }
            working = WriteBatch(working);
        }
        WriteBatch(working);
    }

    private bool WriteBatch(bool worked)
    {
        wake.Rearm();
        try
        {
            int count = 0;
            foreach (var ring in rings) count += ring.Drain(sink);
            if (count == 0) return worked;
            sink.Flush();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            if (worked) failed(error);
            timer.Change(Interval, Timeout.InfiniteTimeSpan); // other records may be left, and nobody else may come
            return false;
        }
    }
}
