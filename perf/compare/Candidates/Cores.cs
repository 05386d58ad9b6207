using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>Who runs where: what is measured never shares a core with what measures. Each may have 20,000 descriptors, for the scenario
/// with 10,000 connections.</summary>
internal static class Cores
{
    public static readonly string[] Candidate = ["taskset", "-c", "0", .. Descriptors];
    public static readonly string[] Load = ["taskset", "-c", "1", .. Descriptors];

    private static string[] Descriptors => ["prlimit", "--nofile=20000:20000"];

    /// <summary>This program and what it starts without a core of its own, such as the controller, share the load's.</summary>
    public static Task UseLoadCoreAsync() => Shell.MustAsync($"taskset -a -p -c 1 {Environment.ProcessId}");
}
