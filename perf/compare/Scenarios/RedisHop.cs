using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>GET and SET through a Gateway whose service is declared as Redis, so that meshd reads, matches and counts every command; peers as TCP proxies
/// that do not know what they carry.</summary>
/// <param name="pipeline">Commands that a connection has on the way.</param>
internal sealed class RedisHop(string key, string title, int pipeline) : IScenario
{
    private const int ServerPort = 6379;

    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => [Target.Ratio(Figure.CpuPerCommand, 1.30)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var machine = await lab.AddMachineAsync("host");
        machine.Start("redis", [.. Cores.Load, "redis-server", "--port", $"{ServerPort}", "--bind", "127.0.0.1", "--save", "", "--dir", machine.Folder]);
        session.Note("peers relay bytes and know nothing of commands; redis-server and redis-benchmark share the other core");
        var candidates = await session.StartAsync(Starts(machine));
        await session.ForEachAsync(candidates, candidate => RedisLoad.WarmUpAsync(candidate, pipeline, session.Plan.WarmUp));
        await FullLoad.RoundsAsync(session, candidates, (Figure.CpuPerCommand, Figure.CommandsPerSecond), candidate => RedisLoad.RunAsync(candidate, pipeline, session.Plan.FullLoad));
    }

    private static IAsyncEnumerable<CandidateStart> Starts(Machine machine)
    {
        string backend = $"127.0.0.1:{ServerPort}";
        return new[]
        {
            OneHop.Started("nginx", machine, 9001, NginxPeer.StreamAsync(machine, "nginx", 9001, backend)),
            OneHop.Started("haproxy", machine, 9002, HaproxyPeer.ProxyAsync(machine, "haproxy", 9002, backend, tcp: true, splice: false)),
            OneHop.Started(Candidate.Meshd, machine, OneHop.MeshdPort, StandaloneMeshd.StartAsync(machine, StandaloneMeshd.Gateway(OneHop.MeshdPort, "TCP"), ServerPort, "redis")),
        }.ToAsyncEnumerable();
    }
}
