using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Compare.Candidates;
using Mesh.Compare.Results;

namespace Mesh.Compare.Measuring;

/// <summary>wrk with one thread, as hard as its core can.</summary>
internal static partial class FullLoad
{
    /// <param name="Requests">Or commands: what was answered.</param>
    public readonly record struct Result(long Requests, double PerSecond);

    /// <summary>Each candidate in turn, round by round, where nothing but full load is measured.</summary>
    /// <param name="figures">CPU for one of what the load counts, and how many a second.</param>
    public static async Task RoundsAsync(Session session, IEnumerable<Candidate> candidates, (Figure Cpu, Figure Rate) figures, Func<Candidate, Task<Result>> load)
    {
        var all = candidates.ToList();
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            await session.ForEachAsync(all, async candidate =>
            {
                string said = await MeasureAsync(session, candidate, figures, load);
                session.Record(Figure.Resident, candidate.Name, ProcessTree.ResidentMiB(candidate.Ids));
                await session.SayAsync($"round {round} {candidate.Name,-8} {said}");
            });
        }
    }

    /// <returns>The figures for people.</returns>
    public static async Task<string> MeasureAsync(Session session, Candidate candidate, (Figure Cpu, Figure Rate) figures, Func<Candidate, Task<Result>> load)
    {
        double before = ProcessTree.CpuSeconds(candidate.Ids);
        var result = await load(candidate);
        double cpu = (ProcessTree.CpuSeconds(candidate.Ids) - before) * 1e6 / result.Requests;
        session.Record(figures.Cpu, candidate.Name, cpu);
        session.Record(figures.Rate, candidate.Name, result.PerSecond);
        return $"{cpu,6:0.###} us CPU each, {result.PerSecond,7:0} a second";
    }

    /// <exception cref="InvalidOperationException">An answer was not a 2xx, or a connection broke: a figure from such a run means nothing.</exception>
    public static async Task<Result> RunAsync(Candidate candidate, Traffic traffic, TimeSpan duration)
    {
        string[] header = traffic.NewConnections ? ["-H", "Connection: close"] : [];
        string seconds = Math.Max(1, duration.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        string[] command = [.. Cores.Load, "wrk", "-t1", $"-c{traffic.Connections}", $"-d{seconds}s", .. header, $"{candidate.Origin}/{traffic.File}"];
        var result = (await candidate.From.RunAsync(command, bound: duration + TimeSpan.FromSeconds(20))).Must();
        if (Errors().IsMatch(result.Output)) throw new InvalidOperationException($"the load saw errors: {result.Output}");
        var requests = Requests().Match(result.Output);
        var rate = Rate().Match(result.Output);
        if (!requests.Success || !rate.Success) throw new InvalidOperationException($"wrk said something else: {result}");
        return new(long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex("Non-2xx|Socket errors")]
    private static partial Regex Errors();
}
