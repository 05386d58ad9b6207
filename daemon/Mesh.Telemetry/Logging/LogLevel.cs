namespace Mesh.Telemetry.Logging;

public enum LogLevel
{
    Debug,
    Info,
    Warning,
    Error,
}
