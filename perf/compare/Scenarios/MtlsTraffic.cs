using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>Client in one workload, backend in another, on two machines or on the same. Peers are a pair with mutual TLS 1.3 between them that the
/// client addresses explicitly, which is what a sidecar mesh does on one machine too; with the mesh the client knows of nothing, identities
/// are per workload, and on one machine there is one hop with both sides' policy.</summary>
/// <param name="machines">1 or 2.</param>
/// <param name="opaque">As TCP: no proxy looks at the requests.</param>
internal sealed class MtlsTraffic(string key, string title, int machines, bool opaque, Traffic traffic, params Target[] targets) : IScenario
{
    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => targets;

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var pairs = await StartAsync(lab, machines);
        var candidates = await session.StartAsync(Candidates(session, lab, pairs, opaque));
        await TrafficRounds.RunAsync(session, candidates, pairs.Direct, pairs.Backend, traffic);
    }

    public static async Task<MtlsPairs> StartAsync(Lab lab, int machines)
    {
        var near = await lab.AddMachineAsync("node-a");
        return await MtlsPairs.CreateAsync(lab, near, machines == 2 ? await lab.AddMachineAsync("node-b") : near);
    }

    public static async IAsyncEnumerable<CandidateStart> Candidates(Session session, Lab lab, MtlsPairs pairs, bool opaque)
    {
        foreach (var start in opaque ? pairs.StartTcp() : pairs.StartHttp()) yield return start;
        string log = Observing.Policy("bench", percent: 0);
        yield return new(Candidate.Meshd, MeshPath.StartAsync(lab, pairs, opaque, log));
    }
}
