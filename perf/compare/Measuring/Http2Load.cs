using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Compare.Candidates;

namespace Mesh.Compare.Measuring;

/// <summary>h2load with one thread, as hard as its core can: 16 connections with ten requests each on the way.</summary>
internal static partial class Http2Load
{
    /// <summary>A peer may fail one request in a thousand: nginx does, one in many thousands, when its backend closes a stream early.</summary>
    private const long PeersFailureShare = 1000;

    /// <param name="target">Path, and where the request has a body the arguments of h2load that say so.</param>
    /// <returns>Requests that were answered with 2xx: of meshd all.</returns>
    /// <exception cref="InvalidOperationException">Others were not: a figure from such a run means nothing.</exception>
    public static async Task<FullLoad.Result> RunAsync(Candidate candidate, IReadOnlyList<string> target, TimeSpan duration)
    {
        string seconds = Math.Max(1, duration.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        string[] command = [.. Cores.Load, "h2load", "-t1", "-c16", "-m10", "-D", seconds, .. target.Skip(1), $"{candidate.Origin}{target[0]}"];
        var result = (await candidate.From.RunAsync(command, bound: duration + TimeSpan.FromSeconds(20))).Must();
        var counts = Counts().Match(result.Output);
        var statuses = Statuses().Match(result.Output);
        if (!counts.Success || !statuses.Success) throw new InvalidOperationException($"h2load said something else: {result}");
        long good = long.Parse(statuses.Groups[1].Value, CultureInfo.InvariantCulture);
        long bad = long.Parse(counts.Groups[1].Value, CultureInfo.InvariantCulture) + long.Parse(counts.Groups[2].Value, CultureInfo.InvariantCulture);
        bool clean = bad == 0 && statuses.Groups[2].Value == "0 3xx, 0 4xx, 0 5xx" || candidate.Name != Candidate.Meshd && bad < good / PeersFailureShare;
        return clean && good > 0 ? new(good, good / duration.TotalSeconds) : throw new InvalidOperationException($"the load saw errors: {result.Output}");
    }

    [GeneratedRegex(@"(\d+) failed, (\d+) errored")]
    private static partial Regex Counts();

    [GeneratedRegex(@"status codes: (\d+) 2xx, (\d+ 3xx, \d+ 4xx, \d+ 5xx)")]
    private static partial Regex Statuses();
}
