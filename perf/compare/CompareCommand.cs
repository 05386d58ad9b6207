using System.Globalization;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Compare.Scenarios;
using Mesh.Kit.Machines;

namespace Mesh.Compare;

/// <summary>meshd against nginx and HAProxy in one run. Candidates share core 0 and take turns; the load and the backend have core 1.</summary>
internal static class CompareCommand
{
    private const string Usage = "Mesh.Compare [--rounds N] [--seconds N] [--only a,b,c] [--out FOLDER]";

    public static async Task<int> RunAsync(string[] arguments, TextWriter output)
    {
        int rounds = 5, seconds = 4;
        string only = "a,b,c", folder = Path.Combine(Repository.Root, "perf", "results");
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out rounds): break;
                case "--seconds" when int.TryParse(value, CultureInfo.InvariantCulture, out seconds): break;
                case "--only" when value is not null: only = value; break;
                case "--out" when value is not null: folder = value; break;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return 2;
            }
        }
        IScenario[] scenarios = [new OneHop(), new TwoMachines(), new SameMachine()];
        var rows = new List<Row>();
        bool complete = true;
        foreach (var scenario in scenarios.Where(scenario => only.Split(',').Contains(scenario.Key)))
            complete &= await MeasureAsync(scenario, rounds, TimeSpan.FromSeconds(seconds), rows, output);
        await ResultFiles.WriteAsync(folder, rows);
        await output.WriteLineAsync(MarkdownTable.Format(rows));
        return complete ? 0 : 1;
    }

    /// <returns>Whether every candidate was measured. One that cannot be started is said and left out of its rows.</returns>
    private static async Task<bool> MeasureAsync(IScenario scenario, int rounds, TimeSpan duration, List<Row> rows, TextWriter output)
    {
        await output.WriteLineAsync($"scenario {scenario.Key}: {scenario.Title}");
        await using var lab = await Lab.CreateAsync("mesh-bench");
        var runs = new List<CandidateRun>();
        bool complete = true;
        await foreach (var start in scenario.StartAsync(lab))
        {
            try
            {
                var run = new CandidateRun(await start.Started);
                await run.WarmUpAsync();
                runs.Add(run);
            }
            catch (Exception error)
            {
                complete = false;
                await output.WriteLineAsync($"  {start.Name} could not be started: {error.Message}");
            }
        }
        for (int round = 1; round <= rounds; round++)
            foreach (var run in runs) await output.WriteLineAsync($"  round {round} {await run.MeasureAsync(duration)}");
        rows.AddRange(Row.From(scenario, runs));
        return complete;
    }
}
