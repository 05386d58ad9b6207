using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>Resident memory of fresh processes with one route that have answered one request.</summary>
internal sealed class Footprint : IScenario
{
    private static readonly TimeSpan settle = TimeSpan.FromSeconds(2);

    public string Key => "i";

    public string Title => "resident memory, just started as a Gateway";

    public IReadOnlyList<Target> Targets => [Target.Value(Figure.StartedResident, 40)];

    public async Task MeasureAsync(Session session)
    {
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            await using var lab = await Session.CreateLabAsync();
            var hop = await OneHop.StartAsync(lab);
            var candidates = await session.StartAsync(OneHop.Http(hop, StandaloneMeshd.Gateway(OneHop.MeshdPort, "HTTP")));
            await session.ForEachAsync(candidates, candidate => ResponseCheck.AnswersAsync(candidate, hop.Backend, Backend.OneKiB));
            await Task.Delay(settle);
            await session.ForEachAsync(candidates, async candidate =>
            {
                double resident = ProcessTree.ResidentMiB(candidate.Ids);
                session.Record(Figure.StartedResident, candidate.Name, resident);
                await session.SayAsync($"round {round} {candidate.Name,-8} {resident:0.0} MiB");
            });
        }
    }
}

/// <summary>Resident memory of a node's meshd: just joined, then with many services and enrolled workloads.</summary>
internal sealed class MeshFootprint : IScenario
{
    private static readonly TimeSpan settle = TimeSpan.FromSeconds(3);

    public string Key => "i-mesh";

    public string Title => "resident memory as a node: just joined; 200 enrolled workloads and 1,000 services";

    public IReadOnlyList<Target> Targets => [Target.Value(Figure.JoinedResident, 40), Target.Value(Figure.EnrolledResident, 80)];

    public async Task MeasureAsync(Session session)
    {
        var (services, workloads) = session.Plan.Small ? (100, 20) : (1_000, 200);
        session.Note($"{services} services with one endpoint elsewhere each, {workloads} workloads enrolled by mesh-cni; measured once");
        await using var lab = await Session.CreateLabAsync();
        var controller = new MeshController(await lab.AddMachineAsync("controller"), Repository.Programs);
        await controller.StartAsync();
        var machine = await lab.AddMachineAsync("node");
        var daemon = new MeshDaemon(machine, Repository.Programs) { Prefix = Cores.Candidate, MoreOptions = "workers: 1\n" };
        await daemon.JoinAsync(controller);
        await RecordAsync(session, Figure.JoinedResident, daemon);

        string file = await LargeMesh.WriteAsync(lab, services, services, "");
        (await controller.MeshctlAsync("apply", "-f", file)).Must();
        await session.SayAsync($"{services} services applied");
        for (int number = 0; number < workloads; number++)
            await (await EnrolledNamespace.CreateAsync(lab, machine, daemon.NodeSocket, number)).AddAsync();
        await RecordAsync(session, Figure.EnrolledResident, daemon);
    }

    private static async Task RecordAsync(Session session, Figure figure, MeshDaemon daemon)
    {
        await Task.Delay(settle);
        double resident = ProcessTree.ResidentMiB([daemon.Id]);
        session.Record(figure, Candidate.Meshd, resident);
        await session.SayAsync($"{figure.Words} {resident:0.0}");
    }
}
