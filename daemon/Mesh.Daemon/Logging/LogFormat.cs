namespace Mesh.Daemon.Logging;

public enum LogFormat
{
    /// <summary>Lines for people.</summary>
    Text,

    /// <summary>One object a line.</summary>
    Json,

    /// <summary>The systemd journal's own protocol, each field a field.</summary>
    Journal,
}
