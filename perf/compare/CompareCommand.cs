using System.Runtime.InteropServices;
using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Compare.Scenarios;

namespace Mesh.Compare;

/// <summary>meshd against nginx and HAProxy in one run. Candidates share core 0 and take turns; the load and the backend have core 1.</summary>
internal static class CompareCommand
{
    public static async Task<int> RunAsync(string[] arguments, TextWriter output)
    {
        CompareOptions options;
        try
        {
            options = CompareOptions.Parse(arguments);
        }
        catch (FormatException error)
        {
            await Console.Error.WriteLineAsync($"{error.Message}\n{CompareOptions.Usage}");
            return 2;
        }
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndEarly);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndEarly);
        await Cores.UseLoadCoreAsync();
        var measured = new List<Samples>();
        bool complete = true;
        foreach (var scenario in options.Scenarios)
        {
            complete &= await MeasureAsync(scenario, options.Plan, measured, output, stop.Token);
            if (stop.IsCancellationRequested) return 1;
            await ResultFiles.WriteAsync(options.Folder, options.Plan.ToString(), measured);
        }
        await output.WriteLineAsync($"\n{ResultFiles.Markdown(options.Plan.ToString(), measured)}");
        return complete ? 0 : 1;

        // Everything that was started ends with its lab, so the run ends by itself instead of being ended.
        void EndEarly(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    /// <returns>Whether every candidate was measured in every round.</returns>
    private static async Task<bool> MeasureAsync(IScenario scenario, Plan plan, List<Samples> measured, TextWriter output, CancellationToken stop)
    {
        await output.WriteLineAsync($"{scenario.Key}: {scenario.Title}");
        var samples = new Samples(scenario.Key, scenario.Title, scenario.Targets);
        measured.Add(samples);
        var session = new Session(plan, samples, output, stop);
        try
        {
            await scenario.MeasureAsync(session);
            return session.IsComplete;
        }
        catch (Exception error)
        {
            samples.Notes.Add($"ended early: {error.Message.Split('\n')[0]}");
            await session.SayAsync($"ended early: {error.Message}");
            return false;
        }
    }
}
