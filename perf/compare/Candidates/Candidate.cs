using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>A proxy, or a pair of them, that carries requests from a place to the backend.</summary>
/// <param name="From">Where the load runs.</param>
/// <param name="Url">What it asks for; an answer of one KiB.</param>
/// <param name="Processes">Roots of the process trees whose CPU time and memory are the candidate's.</param>
internal sealed record Candidate(string Name, HostNamespace From, string Url, IReadOnlyList<int> Processes);

/// <summary>A candidate that is being started. Its failure is that of the task, so that the others can still be measured.</summary>
internal sealed record CandidateStart(string Name, Task<Candidate> Started);
