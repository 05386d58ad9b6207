using System.Globalization;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Systemd;

/// <summary>Log entries as journal entries: <c>journalctl MESH_EVENT=config_rejected</c>.</summary>
internal sealed class JournalLogSink(Journal journal) : ILogSink
{
    public void Write(LogEntry entry)
    {
        journal.Add("MESSAGE", entry.Message);
        journal.Add("PRIORITY", Priority(entry.Level));
        journal.Add("SYSLOG_IDENTIFIER", "meshd");
        journal.Add("MESH_EVENT", entry.Event);
        journal.Add("MESH_EVENT_ID", entry.Id.ToString(CultureInfo.InvariantCulture));
        foreach (var field in entry.Fields) journal.Add("MESH_" + field.Name.ToUpperInvariant(), field.Value);
        journal.Send();
    }

    public void Flush()
    {
    }

    // syslog(3)
    private static string Priority(LogLevel level) => level switch
    {
        LogLevel.Debug => "7",
        LogLevel.Info => "6",
        LogLevel.Warning => "4",
        _ => "3",
    };
}
