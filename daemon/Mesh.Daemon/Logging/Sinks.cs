using Mesh.Daemon.Systemd;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Logging;

/// <summary>Where the log and the access log go in each format: the log to standard error, the access log to standard output,
/// or both to the journal.</summary>
public static class Sinks
{
    /// <exception cref="System.Net.Sockets.SocketException">Journal: there is none.</exception>
    public static ILogSink ForLog(LogFormat format) => format switch
    {
        LogFormat.Text => new TextLogSink(Console.OpenStandardError()),
        LogFormat.Json => new JsonLogSink(Console.OpenStandardError()),
        _ => new JournalLogSink(new Journal()),
    };

    /// <inheritdoc cref="ForLog"/>
    public static IAccessSink ForAccessLog(LogFormat format) => format switch
    {
        LogFormat.Text => new StreamAccessSink(Console.OpenStandardOutput(), AccessLogFormat.Text),
        LogFormat.Json => new StreamAccessSink(Console.OpenStandardOutput(), AccessLogFormat.Json),
        _ => new JournalAccessSink(new Journal()),
    };
}
