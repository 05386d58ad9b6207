using System.Globalization;
using Mesh.Kit.Machines;

namespace Mesh.Soak.Accounts;

/// <summary>When nobody talks any more nothing may be left: no connection, no stream, no block, no descriptor that a pool does not account for.</summary>
internal static class Quiescence
{
    /// <summary>Idle connections to applications are kept for 50 s and looked after every 5 s.</summary>
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(65);

    /// <summary>Of the runtime itself, and of the scrape.</summary>
    private const int Slack = 4;

    public static async Task<IReadOnlyList<string>> ProblemsAsync(IReadOnlyList<SoakNode> nodes, IReadOnlyList<Usage> before)
    {
        var problems = new List<string>();
        foreach (var (node, was) in nodes.Zip(before))
        {
            IReadOnlyList<string> left = [];
            try
            {
                await Until.TrueAsync("nothing is left", bound, async () => (left = Left(was, await node.MeasureAsync())).Count == 0);
            }
            catch (TimeoutException)
            {
                problems.AddRange(left.Select(what => $"{node.Machine.Name}, {bound.TotalSeconds:0} s after the load's end: {what}"));
            }
        }
        return problems;
    }

    internal static IReadOnlyList<string> Left(Usage was, Usage now)
    {
        var metrics = now.Metrics;
        string[] zero = ["mesh_connections_active", "mesh_buffer_blocks_outstanding", "mesh_http2_streams_active"];
        var left = zero.SelectMany(name => metrics.NotZero(name)).ToList();
        foreach (string listener in new[] { "outbound", "inbound", "gateway" }) left.AddRange(metrics.NotZero("mesh_downstream_connections", $"listener=\"{listener}\""));
        foreach (string kind in new[] { "http1", "http2", "direct" }) left.AddRange(metrics.NotZero("mesh_upstream_connections_kept", $"kind=\"{kind}\""));
        // HBONE connections without streams stay for five minutes, on both ends.
        double tunnels = metrics.Sum("mesh_upstream_connections_kept", "kind=\"hbone\"") + metrics.Sum("mesh_downstream_connections", "listener=\"tunnel\"");
        if (metrics.Sum("mesh_sockets_open") != tunnels)
            left.Add(string.Create(CultureInfo.InvariantCulture, $"{metrics.Sum("mesh_sockets_open")} sockets, expected {tunnels} of tunnels"));
        double more = now.Descriptors - was.Descriptors - tunnels;
        if (more > Slack) left.Add(string.Create(CultureInfo.InvariantCulture, $"{now.Descriptors} descriptors, expected {was.Descriptors} as before the load and {tunnels} of tunnels"));
        return left;
    }
}
