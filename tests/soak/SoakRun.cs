using System.Diagnostics;
using System.Text.Json;
using Mesh.Kit.Machines;
using Mesh.Soak.Accounts;
using Mesh.Soak.Loading;
using Mesh.Soak.Serving;

namespace Mesh.Soak;

/// <summary>Mixed load for a while, then quiet, then the accounts: every body was right, every request was recorded once, and nothing is left of any of it.</summary>
internal static class SoakRun
{
    private static readonly TimeSpan clientEndBound = TimeSpan.FromSeconds(90);

    /// <returns>Whether everything was right; what was not stands in the output.</returns>
    public static async Task<bool> RunAsync(SoakOptions options, TextWriter output, CancellationToken stopping)
    {
        await output.WriteLineAsync($"seed {options.Seed:x}, {options.Duration.TotalSeconds:0} s");
        await using var world = await SoakWorld.StartAsync();
        var problems = new List<string>();
        try
        {
            await RunAsync(world, options, problems, output, stopping);
        }
        catch (Exception error)
        {
            problems.Add($"the run could not go on: {error}");
        }
        foreach (string problem in problems) await output.WriteLineAsync(problem.StartsWith(Complaints.Mark, StringComparison.Ordinal) ? problem : $"{Complaints.Mark} {problem}");
        if (problems.Count > 0) await SoakWorld.KeepLogsAsync(world.Lab, output);
        await output.WriteLineAsync(problems.Count == 0 ? "everything was right" : $"{problems.Count} things were WRONG; repeat with --seed {options.Seed:x}");
        return problems.Count == 0;
    }

    private static async Task RunAsync(SoakWorld world, SoakOptions options, List<string> problems, TextWriter output, CancellationToken stopping)
    {
        var before = await Task.WhenAll(world.Nodes.Select(node => node.MeasureAsync()));
        world.StartLoad(options);
        using var loaded = new CancellationTokenSource();
        var changes = world.Changes;
        var changing = changes.RunAsync(loaded.Token);
        var residents = await WatchAsync(world, options.Duration, output, stopping);
        await loaded.CancelAsync();
        await changing;
        await output.WriteLineAsync($"{changes.Count} changes of the configuration meanwhile");
        await StopAsync(world, problems);
        var reports = await ReportsAsync(world, output, problems);
        problems.AddRange(await Quiescence.ProblemsAsync(world.Nodes, before));
        problems.AddRange(Books.Problems(world, reports));
        await output.WriteLineAsync($"{world.Nodes.Sum(static node => node.Records.Unused)} connections were opened and not used");
        problems.AddRange(residents.SelectMany(resident => resident.Problems()));
        problems.AddRange(LogProblems(world));
    }

    private static async Task<IReadOnlyList<Resident>> WatchAsync(SoakWorld world, TimeSpan duration, TextWriter output, CancellationToken stopping)
    {
        long start = Stopwatch.GetTimestamp();
        var residents = world.Nodes.Select(node => new Resident(node.Machine.Name)).ToArray();
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(duration.TotalSeconds / 40, 1, 30)));
        long spoken = start;
        while (Stopwatch.GetElapsedTime(start) < duration && !stopping.IsCancellationRequested && world.Loads.All(load => !load.Program.HasExited))
        {
            await ticks.WaitForNextTickAsync(CancellationToken.None);
            foreach (var (node, resident) in world.Nodes.Zip(residents)) resident.Add(await node.MeasureAsync());
            if (Stopwatch.GetElapsedTime(spoken) < TimeSpan.FromSeconds(10)) continue;
            spoken = Stopwatch.GetTimestamp();
            await output.WriteLineAsync($"{Stopwatch.GetElapsedTime(start).TotalSeconds,5:0} s  {string.Join("  ", residents.Select(resident => resident.Last))}");
        }
        return residents;
    }

    private static async Task StopAsync(SoakWorld world, List<string> problems)
    {
        try
        {
            await world.StopLoadAsync(clientEndBound);
        }
        catch (TimeoutException error)
        {
            problems.Add(error.Message);
        }
    }

    private static async Task<IReadOnlyList<LoadReport>> ReportsAsync(SoakWorld world, TextWriter output, List<string> problems)
    {
        var reports = new List<LoadReport>();
        foreach (var (_, program) in world.Loads)
        {
            string[] lines = program.ReadLog().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            problems.AddRange(lines.Where(line => line.StartsWith(Complaints.Mark, StringComparison.Ordinal)));
            if (lines.LastOrDefault() is not { } last || !last.StartsWith('{'))
            {
                problems.Add($"{program.Name} ended with {program.ExitCode} and no report: {program.LogTail()}");
                continue;
            }
            await output.WriteLineAsync(last);
            reports.Add(JsonSerializer.Deserialize<LoadReport>(last)!);
        }
        foreach (var server in world.Servers)
            problems.AddRange(server.ReadLog().Split('\n').Where(line => line.StartsWith(Complaints.Mark, StringComparison.Ordinal)).Select(line => $"{server.Name}: {line}"));
        return reports;
    }

    private static IEnumerable<string> LogProblems(SoakWorld world) =>
        from node in world.Nodes
        from line in node.Daemon.Log.Split('\n')
        where line.Contains("Exception", StringComparison.Ordinal) || line.Contains("\"level\":\"error\"", StringComparison.Ordinal)
        select $"{node.Machine.Name} logged {line}";
}
