using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

internal sealed class ControllerMayBeAway : IProof
{
    public string Claim => "with the controller stopped traffic goes on, a meshd restarted meanwhile serves from its last good state, and nothing is lost when it returns";

    public async Task<string> ProveAsync(World world)
    {
        string version = await VersionAsync(world);
        await world.Controller.StopAsync();
        await AllAnsweredAsync(world, "with the controller stopped");
        await world.DaemonB.StopAsync();
        var ready = await world.DaemonB.StartAsync();
        await AllAnsweredAsync(world, "after meshd on node-b was restarted");
        await world.DaemonA.StopAsync();
        await world.DaemonA.StartAsync();
        await AllAnsweredAsync(world, "after meshd on node-a was restarted");

        await world.Controller.StartAsync();
        string after = await VersionAsync(world);
        Claims.Must(version == after, $"the route's resourceVersion was {version} and is {after} after the restart");
        await world.Controller.PatchAsync(RouteChangeDisturbsNothing.Path, RouteChangeDisturbsNothing.Weights(0, 100));
        var follows = await Until.TrueAsync("a change after the controller's return takes effect", TimeSpan.FromSeconds(30),
            async () => (await Catalog.CountAsync(world.Client, 10)).V2 == 10);
        return $"3 x 100 requests answered, meshd ready {ready.TotalMilliseconds:0} ms after its restart, route still at version {after}, "
            + $"nodes followed a new change after {follows.TotalMilliseconds:0} ms";
    }

    private static async Task<string> VersionAsync(World world) =>
        (string)(await world.Controller.GetAsync(RouteChangeDisturbsNothing.Path))["metadata"]!["resourceVersion"]!;

    private static async Task AllAnsweredAsync(World world, string when)
    {
        var (v1, v2, other) = await Catalog.CountAsync(world.Client, 100);
        Claims.Must(other == 0, $"{when}: {other} of 100 requests failed (v1 {v1}, v2 {v2})");
        var redis = await world.Client.Space.RunAsync("redis-cli -h cache.shop.mesh ping");
        Claims.Must(redis.Output.Trim() == "PONG", $"{when}: {redis}");
    }
}
