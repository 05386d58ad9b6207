using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

internal sealed class DeadDaemonLeaksNothing : IProof
{
    public string Claim => "meshd killed with SIGKILL: its workloads' traffic stops, nothing leaks in clear, and it resumes after the restart without enrolment";

    public async Task<string> ProveAsync(World world)
    {
        int killed = world.DaemonA.Id;
        // Ends of old connections to 15008 are the kernel's farewell; anything else from the client's address would be a leak.
        var capture = await PacketCapture.StartAsync(world.A, "outage", "src", "host", world.Client.Address, "and", "not", "tcp", "port", "15008");
        await world.DaemonA.KillAsync();
        var http = await world.Client.Space.RunAsync(["curl", "-sS", "--max-time", "5", $"http://{world.CatalogV1.Address}:8080/"]);
        var named = await world.Client.Space.RunAsync(["curl", "-sS", "--max-time", "5", $"{Catalog.Url}/"]);
        var redis = await world.Client.Space.RunAsync($"redis-cli -h {world.Cache.Address} ping");
        Claims.Must(!http.Ok && !named.Ok && !redis.Output.Contains("PONG", StringComparison.Ordinal), $"traffic passed without a daemon: {http}{named}{redis}");
        int leaked = PacketCapture.CountFrames(await capture.StopAsync());
        Claims.Must(leaked == 0, $"{leaked} frames from {world.Client.Address} left machine A while meshd was dead");

        var ready = await world.DaemonA.StartAsync();
        var resumed = await Until.TrueAsync("traffic resumes", TimeSpan.FromSeconds(15), async () => (await Catalog.GetAsync(world.Client)).Status == 200);
        await world.Client.CheckAsync();
        return $"process {killed} killed: {http.Error.Trim()}, 0 frames leaked; ready again after {ready.TotalMilliseconds:0} ms, traffic {resumed.TotalMilliseconds:0} ms later, CNI CHECK passes";
    }
}
