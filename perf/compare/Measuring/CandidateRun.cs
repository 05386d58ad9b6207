using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>The measurements of one candidate over all rounds.</summary>
internal sealed class CandidateRun(Candidate candidate)
{
    private readonly List<double> cpuMicroseconds = [];
    private readonly List<double> perSecond = [];
    private readonly List<double> residentMiB = [];

    public string Name => candidate.Name;

    public double CpuMicrosecondsPerRequest => Median(cpuMicroseconds);
    public double RequestsPerSecond => Median(perSecond);
    public double ResidentMiB => Median(residentMiB);

    /// <summary>Until it answers, then long enough that run-time compilation has settled.</summary>
    public async Task WarmUpAsync()
    {
        await Until.TrueAsync($"{Name} answers on {candidate.Url}", TimeSpan.FromSeconds(20),
            async () => (await candidate.From.RunAsync($"curl -fsS -o /dev/null --max-time 3 {candidate.Url}")).Ok);
        await Load.RunAsync(candidate.From, candidate.Url, TimeSpan.FromSeconds(3));
    }

    public async Task<string> MeasureAsync(TimeSpan duration)
    {
        double before = ProcessTree.CpuSeconds(candidate.Processes);
        var load = await Load.RunAsync(candidate.From, candidate.Url, duration);
        double cpu = (ProcessTree.CpuSeconds(candidate.Processes) - before) * 1e6 / load.Requests;
        cpuMicroseconds.Add(cpu);
        perSecond.Add(load.PerSecond);
        residentMiB.Add(ProcessTree.ResidentMiB(candidate.Processes));
        return $"{Name,-8} {cpu,6:0.0} us CPU a request, {load.PerSecond,7:0} requests/s, {residentMiB[^1],5:0} MiB";
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
