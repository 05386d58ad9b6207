using Mesh.Compare.Candidates;
using Mesh.Compare.Results;

namespace Mesh.Compare.Measuring;

/// <summary>Full load and fixed rate of each candidate in turn, round by round. Latencies are those above the unproxied backend's at the same rate
/// in the same round.</summary>
internal static class TrafficRounds
{
    public static async Task RunAsync(Session session, IReadOnlyList<Candidate> started, Candidate direct, Backend backend, Traffic traffic)
    {
        var candidates = started.ToList();
        await session.ForEachAsync(candidates, candidate => WarmUpAsync(candidate, backend, traffic, session.Plan.WarmUp));
        await Ports.WidenAsync(direct);
        session.Note($"latencies at {traffic.Rate} requests/s");
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            var unproxied = await FixedRate.RunAsync(direct, traffic, backend, session.Plan.FixedRate);
            await session.SayAsync($"round {round} {direct.Name,-8} p50 {unproxied.P50:0} p99 {unproxied.P99:0} p99.9 {unproxied.P999:0} us at {traffic.Rate}/s");
            await session.ForEachAsync(candidates, async candidate =>
            {
                string full = await FullLoad.MeasureAsync(
                    session, candidate, (Figure.CpuPerRequest, Figure.RequestsPerSecond), loaded => FullLoad.RunAsync(loaded, traffic, session.Plan.FullLoad));
                var rate = await FixedRate.RunAsync(candidate, traffic, backend, session.Plan.FixedRate);
                session.Record(Figure.AddedP50, candidate.Name, rate.P50 - unproxied.P50);
                session.Record(Figure.AddedP99, candidate.Name, rate.P99 - unproxied.P99);
                session.Record(Figure.AddedP999, candidate.Name, rate.P999 - unproxied.P999);
                session.Record(Figure.Resident, candidate.Name, ProcessTree.ResidentMiB(candidate.Ids));
                await session.SayAsync($"round {round} {candidate.Name,-8} {full}, p50 {rate.P50:0} p99 {rate.P99:0} p99.9 {rate.P999:0} us");
            });
        }
    }

    /// <summary>Until it answers, with the right bytes, then long enough that run-time compilation has settled.</summary>
    public static async Task WarmUpAsync(Candidate candidate, Backend backend, Traffic traffic, TimeSpan duration)
    {
        await ResponseCheck.AnswersAsync(candidate, backend, traffic.File);
        await FullLoad.RunAsync(candidate, traffic, duration);
    }
}
