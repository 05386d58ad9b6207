using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

internal interface IScenario
{
    /// <summary>In result files.</summary>
    string Key { get; }

    string Title { get; }

    /// <summary>Starts backends and candidates in the lab, which ends them.</summary>
    IAsyncEnumerable<CandidateStart> StartAsync(Lab lab);
}
