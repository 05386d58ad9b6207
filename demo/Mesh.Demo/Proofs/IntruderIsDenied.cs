using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

internal sealed class IntruderIsDenied : IProof
{
    private const string Flag = "UAEX";

    public string Claim => "a service account that is not allowed gets 403 for HTTP and a closed connection for TCP, the reason in log and metric";

    public async Task<string> ProveAsync(World world)
    {
        var (status, answer) = await Catalog.GetAsync(world.Intruder);
        Claims.Must(status == 403, $"HTTP status {status}, expected 403: {answer}");
        string error = answer.Split('\n').FirstOrDefault(line => line.StartsWith("x-mesh-error:", StringComparison.OrdinalIgnoreCase))?.Trim() ?? "";
        Claims.Must(error.Contains(Flag, StringComparison.Ordinal), $"the answer has no x-mesh-error with {Flag}: {answer}");

        var redis = await world.Intruder.Space.RunAsync("redis-cli -h cache.shop.mesh ping");
        Claims.Must(!redis.Output.Contains("PONG", StringComparison.Ordinal), "redis answered the intruder");

        string metric = await AppearsAsync("a metric with the flag", () => MetricOf(world));
        string log = await AppearsAsync("a log record with the flag", () => Task.FromResult(LogOf(world)));
        return $"403 '{error}', redis closed; {metric}; logged on {log}";
    }

    private static async Task<string> MetricOf(World world)
    {
        double denied = await world.DaemonB.MetricAsync("mesh_requests_total", $"response_flags=\"{Flag}\"", "intruder")
            + await world.DaemonB.MetricAsync("mesh_tcp_connections_closed_total", $"response_flags=\"{Flag}\"", "intruder")
            + await world.DaemonB.MetricAsync("mesh_tcp_connections_opened_total", $"response_flags=\"{Flag}\"", "intruder");
        return denied > 0 ? $"node-b counts {denied:0} with response_flags=\"{Flag}\"" : "";
    }

    private static string LogOf(World world) =>
        Record(world.DaemonB.Log) ? "node-b" : "";

    private static bool Record(string log) => log.Split('\n')
        .Any(line => line.Contains(Flag, StringComparison.Ordinal) && line.Contains("intruder", StringComparison.Ordinal));

    private static async Task<string> AppearsAsync(string what, Func<Task<string>> look)
    {
        string seen = "";
        await Until.TrueAsync(what, TimeSpan.FromSeconds(5), async () => (seen = await look()).Length > 0);
        return seen;
    }
}
