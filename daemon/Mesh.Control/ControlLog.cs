namespace Mesh.Control;

public enum ControlSeverity
{
    Information,
    Warning,
    Error,
}

/// <summary>One thing that an operator may want to know. Ids 3000 to 3099 are stable.</summary>
public readonly record struct ControlEvent(int Id, ControlSeverity Severity, string Message);

/// <summary>Takes what the control side has to say; called on the control loop.</summary>
public delegate void ControlLog(ControlEvent entry);

internal static class ControlLogging
{
    public static void Information(this ControlLog log, int id, string message) => log(new(id, ControlSeverity.Information, message));

    public static void Warning(this ControlLog log, int id, string message) => log(new(id, ControlSeverity.Warning, message));

    public static void Error(this ControlLog log, int id, string message) => log(new(id, ControlSeverity.Error, message));
}
