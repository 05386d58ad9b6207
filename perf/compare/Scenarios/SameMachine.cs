using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>Client and backend on the same machine. Peers are still a pair with mutual TLS, which is what a sidecar mesh does there;
/// the mesh applies both sides' policy in one hop.</summary>
internal sealed class SameMachine : IScenario
{
    public string Key => "c";

    public string Title => "same machine, the mesh's one hop against a pair with mutual TLS";

    public async IAsyncEnumerable<CandidateStart> StartAsync(Lab lab)
    {
        var a = await lab.AddMachineAsync("node-a");
        foreach (var start in await MtlsPairs.StartAsync(lab, a, a)) yield return start;
        yield return new("meshd", MeshPath.StartAsync(lab, a, a));
    }
}
