using System.Globalization;
using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>What a candidate's memory grows by while connections are open that had one response each.</summary>
internal static class IdleConnections
{
    private static readonly TimeSpan settle = TimeSpan.FromSeconds(1);

    /// <param name="start">Starts a program where the load is.</param>
    /// <returns>Bytes of resident memory for each connection.</returns>
    public static async Task<double> BytesEachAsync(Candidate candidate, Backend backend, int connections, Func<string, IReadOnlyList<string>, Background> start)
    {
        double before = await SettledMiBAsync(candidate);
        string count = connections.ToString(CultureInfo.InvariantCulture);
        var load = start($"idle-{candidate.Name}",
            [.. Cores.Load, .. FixedRate.Program, "idle", "--url", $"{candidate.Origin}/{Backend.OneKiB}", "--expect", backend.File(Backend.OneKiB), "--connections", count]);
        await Until.TrueAsync($"{count} connections through {candidate.Name}", TimeSpan.FromSeconds(30), () =>
            load.HasExited ? throw new InvalidOperationException($"the load ended: {load.LogTail()}") : load.ReadLog().StartsWith($"open {count}", StringComparison.Ordinal), () => load.LogTail());
        double after = await SettledMiBAsync(candidate);
        if (load.HasExited) throw new InvalidOperationException($"the load ended: {load.LogTail()}");
        await load.StopAsync(TimeSpan.FromSeconds(10));
        return (after - before) * 1024 * 1024 / connections;
    }

    private static async Task<double> SettledMiBAsync(Candidate candidate)
    {
        await Task.Delay(settle);
        return ProcessTree.ResidentMiB(candidate.Ids);
    }
}
