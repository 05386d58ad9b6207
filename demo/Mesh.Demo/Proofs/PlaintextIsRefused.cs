namespace Mesh.Demo.Proofs;

internal sealed class PlaintextIsRefused : IProof
{
    public string Claim => "plaintext from a namespace outside the mesh to a workload's port is refused";

    public async Task<string> ProveAsync(World world)
    {
        var reachable = await world.Outsider.Space.RunAsync(
            ["bash", "-c", $"exec 3<>/dev/tcp/{world.CatalogV1.Machine.Address}/15021 && echo reached"]);
        Claims.Must(reachable.Output.Contains("reached", StringComparison.Ordinal), $"the outsider has no way to machine B at all, so nothing is proved: {reachable}");
        var http = await world.Outsider.Space.RunAsync(["curl", "-sS", "--max-time", "5", $"http://{world.CatalogV1.Address}:8080/"]);
        Claims.Must(!http.Ok && http.ExitCode != 28 && !http.Output.Contains("catalog", StringComparison.Ordinal), $"expected a refused or closed connection: {http}");
        var redis = await world.Outsider.Space.RunAsync($"redis-cli -h {world.Cache.Address} ping");
        Claims.Must(!redis.Output.Contains("PONG", StringComparison.Ordinal), $"redis answered plaintext: {redis}");
        return $"curl to {world.CatalogV1.Address}:8080: {http.Error.Trim()}; redis-cli to {world.Cache.Address}: {(redis.Error + redis.Output).Trim()}";
    }
}
