using System.Globalization;
using System.Text.Json;
using Mesh.Compare.Candidates;
using Mesh.Load.Runs;

namespace Mesh.Compare.Measuring;

/// <summary>perf/load at the scenario's rate. Compares every response, byte for byte.</summary>
internal static class FixedRate
{
    private static readonly TimeSpan warmUp = TimeSpan.FromSeconds(0.5);

    /// <summary>The program, which is built beside this one.</summary>
    public static readonly string[] Program = ["dotnet", Path.Combine(AppContext.BaseDirectory, "Mesh.Load.dll")];

    /// <exception cref="InvalidOperationException">A response was wrong, a connection broke, or the rate was too much.</exception>
    public static async Task<RateReport> RunAsync(Candidate candidate, Traffic traffic, Backend backend, TimeSpan duration)
    {
        string[] command =
        [
            .. Cores.Load, .. Program, "rate", "--url", $"{candidate.Origin}/{traffic.File}", "--expect", backend.File(traffic.File),
            "--rate", Text(traffic.Rate), "--connections", Text(traffic.Connections), "--warm-up", Text(warmUp.TotalSeconds),
            "--seconds", Text(Math.Max(0.5, (duration - warmUp).TotalSeconds)), .. traffic.NewConnections ? new[] { "--new-connections" } : [],
        ];
        var result = await candidate.From.RunAsync(command, bound: duration + TimeSpan.FromSeconds(20));
        if (!result.Ok) throw new InvalidOperationException($"fixed rate: {result.Error.Trim()}");
        var report = JsonSerializer.Deserialize<RateReport>(result.Output)!;
        return report.Unfinished == 0 ? report : throw new InvalidOperationException($"{report.Unfinished} requests had no response at {traffic.Rate} a second");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
