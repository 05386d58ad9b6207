namespace Mesh.Telemetry.Logging;

/// <summary>A named value beside a message, for machines.</summary>
public readonly record struct LogField(string Name, string Value)
{
    public static implicit operator LogField((string Name, string Value) pair) => new(pair.Name, pair.Value);
}

/// <param name="Id">Stable number of the event: what alerts and documentation refer to.</param>
/// <param name="Event">Its name, snake_case.</param>
/// <param name="Message">For people: what happened to whom, the likely cause, what to do. One line.</param>
public sealed record LogEntry(DateTimeOffset Time, LogLevel Level, int Id, string Event, string Message, LogField[] Fields);

/// <summary>Where entries go. Called by one thread at a time.</summary>
public interface ILogSink
{
    void Write(LogEntry entry);

    /// <summary>After a batch.</summary>
    void Flush();
}
