using System.Threading.Channels;

namespace Mesh.Telemetry.Logging;

/// <summary>The daemon's log. Any thread may write and none waits: entries pass through a bounded queue to one task that writes them out.
/// Rooms group their events as extension methods by subject, each with a stable id, for example
/// <code>
/// internal static class ConfigLog
/// {
///     internal static void ConfigRejected(this Log log, string kind, string reason) =>
///         log.Write(LogLevel.Warning, 2001, "config_rejected", $"{kind} was refused: {reason}", ("kind", kind));
/// }
/// </code></summary>
public sealed class Log : IAsyncDisposable
{
    /// <summary>A burst of a few seconds at most; beyond it the newest entries are lost, and a line says how many.</summary>
    private const int QueueCapacity = 4096;
    private const int EntriesLostId = 1;

    private readonly ILogSink sink;
    private readonly TimeProvider time;
    private readonly Channel<LogEntry> queue;
    private readonly Task writing;
    private volatile LogLevel level;
    private int lost;

    public Log(ILogSink sink, LogLevel level, TimeProvider time)
    {
        (this.sink, this.level, this.time) = (sink, level, time);
        queue = Channel.CreateBounded<LogEntry>(new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        writing = Task.Run(WriteAsync);
    }

    /// <summary>Can be changed while running.</summary>
    public LogLevel Level
    {
        get => level;
        set => level = value;
    }

    public bool IsEnabled(LogLevel entryLevel) => entryLevel >= level;

    public void Write(LogLevel entryLevel, int id, string @event, string message, params ReadOnlySpan<LogField> fields)
    {
        if (!IsEnabled(entryLevel)) return;
        var entry = new LogEntry(time.GetUtcNow(), entryLevel, id, @event, message, fields.ToArray());
        if (!queue.Writer.TryWrite(entry)) Interlocked.Increment(ref lost);
    }

    /// <summary>Writes what is queued and stops; later entries are lost.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writing;
    }

    private async Task WriteAsync()
    {
        while (await queue.Reader.WaitToReadAsync())
        {
            try
            {
                while (queue.Reader.TryRead(out var entry)) sink.Write(entry);
                int missed = Interlocked.Exchange(ref lost, 0);
                if (missed > 0)
                    sink.Write(new LogEntry(time.GetUtcNow(), LogLevel.Warning, EntriesLostId, "log_entries_lost", $"{missed} log entries were lost because they came faster than they could be written", []));
                sink.Flush();
            }
            catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
            {
                // There is nowhere left to say that the log cannot be written; traffic goes on.
            }
        }
    }
}
