using System.Diagnostics;
using Mesh.Demo.Peers;

namespace Mesh.Demo.Proofs;

internal sealed class TcpByName : IProof
{
    public string Claim => "redis-cli and a server-first TCP service work through the mesh by name";

    public async Task<string> ProveAsync(World world)
    {
        var set = await world.Client.Space.RunAsync($"redis-cli -h cache.shop.mesh set key {World.Marker}");
        var get = await world.Client.Space.RunAsync("redis-cli -h cache.shop.mesh get key");
        Claims.Must(set.Output.Trim() == "OK" && get.Output.Trim() == World.Marker, $"{set}\n{get}");

        long start = Stopwatch.GetTimestamp();
        var greeting = await world.Client.Space.RunAsync(
            ["bash", "-c", "exec 3<>/dev/tcp/greeter.shop.mesh/7000; read -t 5 -r line <&3; echo \"$line\""]);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Claims.Must(greeting.Output.Trim() == Greeter.Greeting, greeting.ToString());
        Claims.Must(milliseconds < 1000, $"the greeting took {milliseconds:0} ms: something waits for the client's first bytes");
        return $"SET and GET of the marker; greeting '{Greeter.Greeting}' before a byte was sent, {milliseconds:0} ms with the start of bash and DNS";
    }
}
