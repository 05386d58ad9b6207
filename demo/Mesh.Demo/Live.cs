using System.Diagnostics;
using Mesh.Demo.Proofs;

namespace Mesh.Demo;

/// <summary>The demo to look at: steady traffic and one line a second until Ctrl-C.</summary>
internal static class Live
{
    private const int RequestsPerSecond = 50;

    public static async Task<int> RunAsync(TextWriter output, CancellationToken stopping)
    {
        await using var world = await World.StartAsync(output);
        await output.WriteLineAsync($"""
            resource API {world.Controller.Api} (in namespace {world.Controller.Machine.Space.Name}, credentials {world.Controller.Kubeconfig})
            try          nsenter --net={world.Client.Space.Path} curl http://{world.CatalogV1.Address}:8080/
                         nsenter --net={world.Controller.Machine.Space.Path} bin/meshctl --kubeconfig {world.Controller.Kubeconfig} get httproutes -A
            Ctrl-C ends and removes everything.
            """);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await second.WaitForNextTickAsync(stopping)) await output.WriteLineAsync(await SummaryAsync(world));
        }
        catch (OperationCanceledException)
        {
            await output.WriteLineAsync("stopping");
        }
        return 0;
    }

    private static async Task<string> SummaryAsync(World world)
    {
        long start = Stopwatch.GetTimestamp();
        var (v1, v2, other) = await Catalog.CountAsync(world.Client, RequestsPerSecond);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds / RequestsPerSecond;
        double a = await world.DaemonA.MetricAsync("mesh_requests_total"), b = await world.DaemonB.MetricAsync("mesh_requests_total");
        return $"catalog v1 {v1,3}  v2 {v2,3}  failed {other,3}  {milliseconds,5:0.00} ms a request   counted by node-a {a:0}, node-b {b:0}";
    }
}
