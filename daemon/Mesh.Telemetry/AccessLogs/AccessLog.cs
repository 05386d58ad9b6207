using System.Globalization;
using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Where records go. Called by one thread at a time.</summary>
public interface IAccessSink
{
    /// <param name="record">Valid during the call.</param>
    void Write(AccessRecord record);

    /// <summary>After a batch.</summary>
    void Flush();
}

/// <summary>The access log of all loops: a ring each, and one task that writes them out.</summary>
public sealed class AccessLog : IAsyncDisposable
{
    /// <summary>How old a record may get before it is written.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly AccessRing[] rings;
    private readonly IAccessSink sink;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim halfFull = new(0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;
    private readonly Action<Exception> failed;

    /// <param name="failed">Told when the sink fails, at most once until it works again; the records of that batch are lost.</param>
    public AccessLog(MetricRegistry metrics, int loops, IAccessSink sink, TimeProvider time, Action<Exception> failed, int capacity = AccessRing.DefaultCapacity)
    {
        (this.sink, this.time, this.failed) = (sink, time, failed);
        rings = [.. Enumerable.Range(0, loops).Select(loop => new AccessRing(
            metrics.Shard(loop).Counter(MeshMetrics.AccessRecordsDropped, loop.ToString(CultureInfo.InvariantCulture)), () => halfFull.Release(), capacity))];
        writing = Task.Run(WriteAsync);
    }

    /// <summary>To be used only on the loop of that index.</summary>
    public AccessRing Ring(int loopIndex) => rings[loopIndex];

    /// <summary>Writes what is left and stops. The loops must have stopped filling rings.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await writing;
        halfFull.Dispose();
        stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        using var timer = time.CreateTimer(static state => ((SemaphoreSlim)state!).Release(), halfFull, Interval, Interval);
        bool working = true;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await halfFull.WaitAsync(stopping.Token);
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
        try
        {
            int count = 0;
            foreach (var ring in rings) count += ring.Drain(sink);
            if (count > 0) sink.Flush();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            if (worked) failed(error);
            return false;
        }
    }
}
