using System.Globalization;
using Mesh.Kit.Machines;

namespace Mesh.Soak.Accounts;

/// <summary>When nobody talks any more nothing may be left: no connection, no stream, no block, no descriptor that a pool does not account for.</summary>
internal static class Quiescence
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(20);

    private static readonly string[] zero = ["mesh_connections_active", "mesh_buffer_blocks_outstanding", "mesh_http2_streams_active", "mesh_downstream_connections"];

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

    private static List<string> Left(Usage was, Usage now)
    {
        var left = zero.SelectMany(name => now.Metrics.NotZero(name)).ToList();
        double pooled = now.Metrics.Sum("mesh_upstream_connections"), tunnels = now.Metrics.Sum("mesh_tunnel_connections");
        if (now.Descriptors > was.Descriptors + pooled + tunnels)
            left.Add(string.Create(CultureInfo.InvariantCulture, $"{now.Descriptors} descriptors, expected {was.Descriptors} as before the load, {pooled} of kept upstream connections and {tunnels} of tunnels to this machine"));
        return left;
    }
}
