using System.Diagnostics;
using System.Globalization;
using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>redis-benchmark: SET, then GET, of 64 bytes, as hard as its core can.</summary>
internal static class RedisLoad
{
    private const int Connections = 50;
    private const int Tests = 2;

    /// <summary>Commands a second of the last run of each candidate: redis-benchmark is told how many, not how long.</summary>
    private static readonly Dictionary<(string Candidate, int Pipeline), double> LastRates = [];

    /// <summary>Until it answers, then long enough that run-time compilation has settled.</summary>
    public static async Task WarmUpAsync(Candidate candidate, int pipeline, TimeSpan duration)
    {
        string port = new Uri(candidate.Origin).Port.ToString(CultureInfo.InvariantCulture);
        await Until.TrueAsync($"{candidate.Name} answers on port {port}", TimeSpan.FromSeconds(20),
            async () => (await candidate.From.RunAsync($"redis-cli -p {port} ping")).Output.Trim() == "PONG");
        await RunAsync(candidate, pipeline, TimeSpan.FromSeconds(1));
        await RunAsync(candidate, pipeline, duration);
    }

    /// <exception cref="InvalidOperationException">It did not say how fast it was, or saw an error.</exception>
    public static async Task<FullLoad.Result> RunAsync(Candidate candidate, int pipeline, TimeSpan duration)
    {
        double rate = LastRates.GetValueOrDefault((candidate.Name, pipeline), 10_000 * Math.Sqrt(pipeline));
        long each = Math.Max(1000, (long)(rate * duration.TotalSeconds / Tests));
        string[] command =
        [
            .. Cores.Load, "redis-benchmark", "-p", $"{new Uri(candidate.Origin).Port}", "-c", $"{Connections}", "-P", $"{pipeline}", "-n", $"{each}", "-d", "64",
            "-t", "set,get", "--csv",
        ];
        long start = Stopwatch.GetTimestamp();
        var result = (await candidate.From.RunAsync(command, bound: duration + TimeSpan.FromSeconds(60))).Must();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string[] lines = [.. result.Output.Split('\n').Where(static line => line.StartsWith("\"SET\"", StringComparison.Ordinal) || line.StartsWith("\"GET\"", StringComparison.Ordinal))];
        if (lines.Length != Tests || result.Error.Contains("Error", StringComparison.Ordinal)) throw new InvalidOperationException($"redis-benchmark said something else: {result}");
        LastRates[(candidate.Name, pipeline)] = Tests * each / seconds;
        return new(Tests * each, Tests * each / seconds);
    }
}
