using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;

namespace Mesh.Compare.Scenarios;

/// <summary>What a scrape of very many series does to the traffic, with one core for both. Each endpoint has series of its own, so there are thousands of endpoints. The
/// scraper works at the lowest priority on the load's core, so that the load is as punctual with it as without.</summary>
internal sealed class Scraped : IScenario
{
    private const int MetricsPort = 15020, Endpoints = 2_500;

    private static readonly Traffic traffic = new(Backend.OneKiB, Rate: 2000);

    public string Key => "o";

    public string Title => "100,000 series scraped every second";

    public IReadOnlyList<Target> Targets => [Target.Value(Figure.ScrapeGrowth, 1.2)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var place = await OneHop.StartAsync(lab);
        int endpoints = session.Plan.Small ? 100 : Endpoints;
        string gateway = StandaloneMeshd.Gateway(OneHop.MeshdPort, "HTTP") + Observing.Policy("default", 0) + Workloads(endpoints);
        var start = OneHop.Started(Candidate.Meshd, place.Machine, OneHop.MeshdPort, StandaloneMeshd.StartAsync(place.Machine, gateway));
        var candidate = (await session.StartAsync(new[] { start }.ToAsyncEnumerable())).Single();
        await TrafficRounds.WarmUpAsync(candidate, place.Backend, traffic, session.Plan.WarmUp);
        string[] scrape = [.. Cores.Load, "nice", "-n", "19", "curl", "-fsS", $"http://127.0.0.1:{MetricsPort}/metrics"];
        await CountAsync(session, candidate, scrape);
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            var quiet = await FixedRate.RunAsync(candidate, traffic, place.Backend, session.Plan.FixedRate);
            await using var scrapes = new SteadyChanges(perSecond: 1, () => TimeAsync(session, candidate, [.. scrape, "-o", "/dev/null"]));
            var scraped = await FixedRate.RunAsync(candidate, traffic, place.Backend, session.Plan.FixedRate);
            await scrapes.StopAsync();
            session.Record(Figure.UnscrapedP99, candidate.Name, quiet.P99);
            session.Record(Figure.ScrapedP99, candidate.Name, scraped.P99);
            session.Record(Figure.ScrapeGrowth, candidate.Name, scraped.P99 / quiet.P99);
            await session.SayAsync($"round {round} p99 {quiet.P99:0} us, with scrapes {scraped.P99:0} us");
        }
    }

    private static async Task CountAsync(Session session, Candidate candidate, string[] scrape)
    {
        string text = (await candidate.From.RunAsync(scrape, bound: TimeSpan.FromSeconds(20))).Must().Output;
        int series = text.Split('\n').Count(static line => line.Length > 0 && line[0] != '#');
        session.Record(Figure.Series, candidate.Name, series);
        await session.SayAsync($"{series} series, {text.Length / 1048576.0:0.0} MiB");
    }

    private static async Task TimeAsync(Session session, Candidate candidate, string[] scrape)
    {
        long start = Stopwatch.GetTimestamp();
        (await candidate.From.RunAsync(scrape, bound: TimeSpan.FromSeconds(20))).Must();
        session.Record(Figure.ScrapeTime, candidate.Name, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>More endpoints of the service, each with a loopback address of its own, where the one backend answers.</summary>
    private static string Workloads(int count)
    {
        var text = new StringBuilder();
        for (int number = 0; number < count; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""

                ---
                { apiVersion: mesh.internal/v1, kind: Workload, metadata: { name: w-{{number}}, namespace: default, labels: { app: backend } }, spec: { addresses: [ 127.1.{{number / 250}}.{{number % 250 + 1}} ], serviceAccount: backend, tunnel: None } }
                """);
        }
        return text.ToString();
    }
}
