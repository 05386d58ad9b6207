using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;

namespace Mesh.Compare.Scenarios;

/// <summary>Ten thousand connections that say nothing, through a Gateway. Every round has fresh processes: memory of closed connections is
/// kept by allocators, so a second measurement of the same process would say zero.</summary>
internal sealed class IdleHop : IScenario
{
    public string Key => "h";

    public string Title => "10,000 idle keep-alive connections";

    public IReadOnlyList<Target> Targets => [Target.Value(Figure.BytesPerConnection, 4096)];

    public async Task MeasureAsync(Session session)
    {
        int connections = session.Plan.Small ? 1_000 : 10_000;
        session.Note($"{connections} connections; resident memory of the processes, without the kernel's; each had one response");
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            await using var lab = await Session.CreateLabAsync();
            var hop = await OneHop.StartAsync(lab);
            string gateway = StandaloneMeshd.Gateway(OneHop.MeshdPort, "HTTP") + Observing.Policy("default", percent: 0);
            await session.ForEachAsync(await session.StartAsync(OneHop.Http(hop, gateway)), async candidate =>
            {
                await TrafficRounds.WarmUpAsync(candidate, hop.Backend, new(Backend.OneKiB, Rate: 0), TimeSpan.FromSeconds(2));
                double bytes = await IdleConnections.BytesEachAsync(candidate, hop.Backend, connections, hop.Machine.Start);
                session.Record(Figure.BytesPerConnection, candidate.Name, bytes);
                await session.SayAsync($"round {round} {candidate.Name,-8} {bytes:0} bytes a connection");
            });
        }
    }
}
