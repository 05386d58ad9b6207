using Mesh.Compare.Candidates;

namespace Mesh.Compare.Results;

/// <summary>One figure of one scenario: meshd beside its peers.</summary>
/// <param name="Candidates">By name; one that could not be measured is absent.</param>
internal sealed record Row(string Scenario, string Title, Figure Figure, IReadOnlyDictionary<string, Summary> Candidates, Target? Target)
{
    public double? Meshd => Candidates.TryGetValue(Candidate.Meshd, out var summary) ? summary.Median : null;

    /// <summary>The best median of a peer.</summary>
    public double? BestPeer
    {
        get
        {
            var peers = Candidates.Where(candidate => candidate.Key != Candidate.Meshd).Select(candidate => candidate.Value.Median).ToList();
            return peers.Count == 0 ? null : Figure.LargerIsBetter ? peers.Max() : peers.Min();
        }
    }

    /// <summary>meshd to the best peer; nothing where a quotient says nothing, such as a latency below that of the unproxied backend.</summary>
    public double? Ratio => Meshd is { } meshd && BestPeer is > 0 and var peer && meshd >= 0 ? meshd / peer : null;

    /// <summary>Null: there is no target. A target whose figure is missing is missed.</summary>
    public bool? IsMet => Target is null ? null : (Target.IsRatio ? Ratio : Meshd) is { } value && value <= Target.Limit;
}
