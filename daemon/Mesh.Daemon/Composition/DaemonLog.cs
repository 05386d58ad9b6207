using Mesh.Control;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Composition;

/// <summary>What the daemon as a whole has to say. Ids 1000 to 1099.</summary>
internal static class DaemonLog
{
    public static void Started(this Log log, string version, string node, int workers) =>
        log.Write(LogLevel.Info, 1000, "started", $"meshd {version} on node {node} with {workers} worker loops");

    public static void Stopping(this Log log, string reason) => log.Write(LogLevel.Info, 1001, "stopping", $"stopping: {reason}");

    public static void DrainEnded(this Log log, int cut, TimeSpan bound) =>
        log.Write(LogLevel.Warning, 1013, "drain_ended", $"{cut} connections were still open {bound.TotalSeconds:0.#} s after the stop was asked for and are cut");

    public static void LoopFailed(this Log log, Exception error) =>
        log.Write(LogLevel.Error, 1002, "loop_failed", $"a callback failed, its connection is lost: {error}");

    public static void GatewayProblem(this Log log, string problem) => log.Write(LogLevel.Error, 1003, "gateway_problem", problem);

    public static void ConfigurationRefused(this Log log, string problem) =>
        log.Write(LogLevel.Error, 1004, "configuration_refused", $"{problem} (the last good configuration stays in force)");

    public static void ConfigurationRead(this Log log, int version, int resources) =>
        log.Write(LogLevel.Info, 1005, "configuration_read", $"configuration {version} with {resources} resources is in force");

    public static void WorkloadStarted(this Log log, string uid) => log.Write(LogLevel.Info, 1006, "workload_started", $"workload {uid} is served", ("workload", uid));

    public static void WorkloadStopped(this Log log, string uid, string reason) =>
        log.Write(LogLevel.Info, 1007, "workload_stopped", $"workload {uid} is not served any more: {reason}", ("workload", uid));

    public static void WorkloadFailed(this Log log, string uid, string reason, TimeSpan? retryAfter) =>
        log.Write(LogLevel.Error, 1008, "workload_failed",
            $"workload {uid} cannot be served: {reason}" + (retryAfter is { } after ? $"; next attempt in {after.TotalSeconds:0.#} s" : ""), ("workload", uid));

    public static void RedirectBroken(this Log log, string uid, string differences) =>
        log.Write(LogLevel.Error, 1009, "redirect_broken", $"the traffic of workload {uid} is not redirected as it should be: {differences}", ("workload", uid));

    public static void RecordUnreadable(this Log log, string path, string reason) =>
        log.Write(LogLevel.Error, 1010, "enrolment_unreadable", $"the enrolment in {path} cannot be used: {reason}");

    public static void NodeRequestFailed(this Log log, string reason) => log.Write(LogLevel.Warning, 1011, "node_request_failed", reason);

    public static void SnapshotProblem(this Log log, string problem) => log.Write(LogLevel.Error, 1012, "snapshot_problem", problem);

    public static void ResolversChanged(this Log log, string uid, string servers, string domains) =>
        log.Write(LogLevel.Info, 1014, "resolvers_changed", $"the resolver files of workload {uid} have changed: servers {servers}, search domains {domains}", ("workload", uid));

    public static void Control(this Log log, ControlEvent entry) =>
        log.Write(entry.Severity switch
        {
            ControlSeverity.Error => LogLevel.Error,
            ControlSeverity.Warning => LogLevel.Warning,
            _ => LogLevel.Info,
        }, entry.Id, "control", entry.Message);
}
