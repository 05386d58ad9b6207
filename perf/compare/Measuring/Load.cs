using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>wrk with one thread and connections kept open, as hard as one core can.</summary>
internal static partial class Load
{
    public const int Connections = 32;

    public readonly record struct Result(long Requests, double PerSecond);

    /// <exception cref="InvalidOperationException">An answer was not a 2xx, or a connection broke: a figure from such a run means nothing.</exception>
    public static async Task<Result> RunAsync(HostNamespace from, string url, TimeSpan duration)
    {
        string[] command = [.. Cores.Load, "wrk", "-t1", $"-c{Connections}", $"-d{duration.TotalSeconds:0}s", url];
        var result = (await from.RunAsync(command, bound: duration + TimeSpan.FromSeconds(20))).Must();
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
