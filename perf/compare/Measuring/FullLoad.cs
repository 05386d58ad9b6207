using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Compare.Candidates;

namespace Mesh.Compare.Measuring;

/// <summary>wrk with one thread, as hard as its core can.</summary>
internal static partial class FullLoad
{
    public readonly record struct Result(long Requests, double PerSecond);

    /// <exception cref="InvalidOperationException">An answer was not a 2xx, or a connection broke: a figure from such a run means nothing.</exception>
    public static async Task<Result> RunAsync(Candidate candidate, Traffic traffic, TimeSpan duration)
    {
        string[] header = traffic.NewConnections ? ["-H", "Connection: close"] : [];
        string seconds = Math.Max(1, duration.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        string[] command = [.. Cores.Load, "wrk", "-t1", $"-c{traffic.Connections}", $"-d{seconds}s", .. header, $"{candidate.Origin}/{traffic.File}"];
        var result = (await candidate.From.RunAsync(command, bound: duration + TimeSpan.FromSeconds(20))).Must();
        if (Errors().IsMatch(result.Output)) throw new InvalidOperationException($"the load saw errors: {result.Output}");
        var requests = Requests().Match(result.Output);
        var rate = Rate().Match(result.Output);
        if (!requests.Success || !rate.Success) throw new InvalidOperationException($"wrk said something else: {result}");
        return new(long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex("Non-2xx|Socket errors")]
    private static partial Regex Errors();
}
