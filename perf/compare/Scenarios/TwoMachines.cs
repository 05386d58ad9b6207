using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>Client on one machine, backend on another, mutual TLS 1.3 between the proxies. Peers are a pair that the client addresses
/// explicitly; with the mesh the client knows of nothing and identities are per workload.</summary>
internal sealed class TwoMachines : IScenario
{
    public string Key => "b";

    public string Title => "two machines, mutual TLS between the proxies";

    public async IAsyncEnumerable<CandidateStart> StartAsync(Lab lab)
    {
        var a = await lab.AddMachineAsync("node-a");
        var b = await lab.AddMachineAsync("node-b");
        foreach (var start in await MtlsPairs.StartAsync(lab, a, b)) yield return start;
        yield return new("meshd", MeshPath.StartAsync(lab, a, b));
    }
}
