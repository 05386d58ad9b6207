using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Mesh.Demo.Proofs;

internal sealed class RouteChangeDisturbsNothing(LongRunning longRunning) : IProof
{
    public const string Path = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/catalog";

    public string Claim => "a route change through the REST API takes effect in under a second while a download and a TCP session keep running";

    /// <summary>A merge patch that leaves one rule with these weights.</summary>
    public static string Weights(int v1, int v2) => new JsonObject
    {
        ["spec"] = new JsonObject { ["rules"] = new JsonArray(new JsonObject { ["backendRefs"] = new JsonArray(Backend("catalog-v1", v1), Backend("catalog-v2", v2)) }) },
    }.ToJsonString();

    private static JsonObject Backend(string service, int weight) => new() { ["name"] = service, ["port"] = 80, ["weight"] = weight };

    public async Task<string> ProveAsync(World world)
    {
        Claims.Must(longRunning.IsUndisturbed, "the download or the TCP session ended before the change");
        double toV2 = await SwitchAsync(world, Weights(0, 100), "catalog v2");
        double toV1 = await SwitchAsync(world, Weights(100, 0), "catalog v1");
        Claims.Must(longRunning.IsUndisturbed, "the download or the TCP session was cut by the change");
        string undisturbed = await longRunning.FinishAsync(world.DownloadHash);
        return $"all to v2 after {toV2:0} ms, all to v1 after {toV1:0} ms (with the request itself); {undisturbed}";
    }

    /// <returns>Milliseconds from sending the change to the first of ten answers in a row from the new version.</returns>
    private static async Task<double> SwitchAsync(World world, string patch, string expected)
    {
        long start = Stopwatch.GetTimestamp();
        await world.Controller.PatchAsync(Path, patch);
        double first = 0;
        for (int inRow = 0; inRow < 10;)
        {
            double before = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var (status, answer) = await Catalog.GetAsync(world.Client);
            Claims.Must(status == 200, $"status {status} during the change: {answer}");
            bool changed = answer.Contains(expected, StringComparison.Ordinal);
            if (changed && inRow == 0) first = before;
            inRow = changed ? inRow + 1 : 0;
            Claims.Must(before < 5000, $"'{expected}' does not answer everything 5 s after the change");
        }
        Claims.Must(first < 1000, $"the change took {first:0} ms to take effect");
        return first;
    }
}
