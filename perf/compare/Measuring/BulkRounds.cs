using System.Diagnostics;
using System.Globalization;
using Mesh.Compare.Candidates;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>One GiB through each candidate in turn, round by round: one connection, 16 files one after the other.</summary>
internal static class BulkRounds
{
    private const int Files = (1 << 30) / Backend.BulkBytes;

    public static async Task RunAsync(Session session, IReadOnlyList<Candidate> started, Backend backend)
    {
        var candidates = started.ToList();
        await session.ForEachAsync(candidates, candidate => WarmUpAsync(candidate, backend, session.Plan.WarmUp));
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            await session.ForEachAsync(candidates, async candidate =>
            {
                double before = ProcessTree.CpuSeconds(candidate.Ids);
                long start = Stopwatch.GetTimestamp();
                await DownloadAsync(candidate);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds, cpu = ProcessTree.CpuSeconds(candidate.Ids) - before;
                session.Record(Figure.CpuPerGiB, candidate.Name, cpu);
                session.Record(Figure.GiBPerSecond, candidate.Name, 1 / seconds);
                session.Record(Figure.Resident, candidate.Name, ProcessTree.ResidentMiB(candidate.Ids));
                await session.SayAsync($"round {round} {candidate.Name,-8} {cpu:0.00} s CPU for one GiB in {seconds:0.00} s");
            });
        }
    }

    private static async Task WarmUpAsync(Candidate candidate, Backend backend, TimeSpan duration)
    {
        await ResponseCheck.AnswersAsync(candidate, backend, Backend.Bulk);
        long start = Stopwatch.GetTimestamp();
        do await DownloadAsync(candidate);
        while (Stopwatch.GetElapsedTime(start) < duration);
    }

    private static async Task DownloadAsync(Candidate candidate)
    {
        string[] command =
        [
            .. Cores.Load, "curl", "-fsS", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code} %{size_download} %{num_connects}\n",
            string.Create(CultureInfo.InvariantCulture, $"{candidate.Origin}/{Backend.Bulk}?[1-{Files}]"),
        ];
        string[] answers = (await candidate.From.RunAsync(command, bound: TimeSpan.FromSeconds(90))).Must().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        bool good = answers.Length == Files && answers.Select((answer, index) => answer == $"200 {Backend.BulkBytes} {(index == 0 ? 1 : 0)}").All(same => same);
        if (!good) throw new InvalidOperationException($"not {Files} answers of {Backend.BulkBytes} bytes on one connection: {string.Join("; ", answers)}");
    }
}
