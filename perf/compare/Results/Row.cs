using Mesh.Compare.Measuring;
using Mesh.Compare.Scenarios;

namespace Mesh.Compare.Results;

/// <summary>One figure of one scenario: meshd beside its peers. The ratio is to the better peer; below one meshd is the better for costs,
/// above one for rates.</summary>
internal sealed record Row(string Scenario, string Title, string Unit, double? Meshd, IReadOnlyDictionary<string, double> Peers)
{
    public double? Ratio => Meshd is { } meshd && Peers.Count > 0 ? meshd / (Unit == "requests_per_second" ? Peers.Values.Max() : Peers.Values.Min()) : null;

    public static IEnumerable<Row> From(IScenario scenario, IReadOnlyList<CandidateRun> runs)
    {
        (string Unit, Func<CandidateRun, double> Figure)[] figures =
        [
            ("cpu_us_per_request", run => run.CpuMicrosecondsPerRequest),
            ("requests_per_second", run => run.RequestsPerSecond),
            ("resident_mib", run => run.ResidentMiB),
        ];
        foreach (var (unit, figure) in figures)
        {
            var meshd = runs.FirstOrDefault(run => run.Name == "meshd");
            yield return new(scenario.Key, scenario.Title, unit, meshd is null ? null : figure(meshd),
                runs.Where(run => run.Name != "meshd").ToDictionary(run => run.Name, figure));
        }
    }
}
