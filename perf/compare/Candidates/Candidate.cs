using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>A proxy, or a pair of them, that carries requests from a place to the backend; without processes: the backend itself.</summary>
/// <param name="From">Where the load runs.</param>
/// <param name="Origin">Scheme, host and port that it asks; every file of <see cref="Backend"/> is there.</param>
/// <param name="Processes">Roots of the process trees whose CPU time and memory are the candidate's.</param>
internal sealed record Candidate(string Name, HostNamespace From, string Origin, IReadOnlyList<MeasuredProcess> Processes)
{
    /// <summary>Under which the unproxied backend is measured.</summary>
    public const string Direct = "direct";

    public const string Meshd = "meshd";

    public IEnumerable<int> Ids => Processes.Select(process => process.Id);

    /// <summary>What its programs said last, for messages of failures.</summary>
    public string LogTails => string.Join('\n', Processes.Select(process => process.LogTail().Trim()).Where(tail => tail.Length > 0));

    public static Candidate Unproxied(HostNamespace from, string origin) => new(Direct, from, origin, []);
}

/// <param name="LogTail">The end of its log.</param>
internal sealed record MeasuredProcess(int Id, Func<string> LogTail)
{
    public static MeasuredProcess Of(Background process) => new(process.Id, () => process.LogTail());
}

/// <summary>A candidate that is being started. Its failure is that of the task, so that the others can still be measured.</summary>
internal sealed record CandidateStart(string Name, Task<Candidate> Started);
