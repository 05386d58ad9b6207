using System.Diagnostics;
using Mesh.Demo.Proofs;

namespace Mesh.Demo;

/// <summary>Traffic for a while. The first tenth warms up; afterwards no daemon may hold noticeably more memory or any more descriptors than it did then.</summary>
internal static class Soak
{
    private const double MemoryGrowth = 1.25;
    private const int DescriptorGrowth = 16; // pooled connections come and go

    private readonly record struct Usage(long ResidentKiB, int Descriptors);

    public static async Task<bool> RunAsync(TimeSpan duration, TextWriter output, CancellationToken stopping)
    {
        await using var world = await World.StartAsync(output);
        (string Name, int Id)[] daemons = [("meshd on node-a", world.DaemonA.Id), ("meshd on node-b", world.DaemonB.Id)];
        long failures = await TrafficAsync(world, duration / 10, output, stopping);
        var before = daemons.Select(daemon => Measure(daemon.Id)).ToArray();
        failures += await TrafficAsync(world, duration * 0.9, output, stopping);
        bool good = failures == 0;
        foreach (var (daemon, was) in daemons.Zip(before))
        {
            var now = Measure(daemon.Id);
            bool kept = now.ResidentKiB <= was.ResidentKiB * MemoryGrowth && now.Descriptors <= was.Descriptors + DescriptorGrowth;
            good &= kept;
            await output.WriteLineAsync($"{(kept ? "kept " : "GREW ")} {daemon.Name}: {was.ResidentKiB} -> {now.ResidentKiB} KiB, {was.Descriptors} -> {now.Descriptors} descriptors");
        }
        await output.WriteLineAsync($"{failures} requests failed");
        return good && !stopping.IsCancellationRequested;
    }

    private static async Task<long> TrafficAsync(World world, TimeSpan duration, TextWriter output, CancellationToken stopping)
    {
        long start = Stopwatch.GetTimestamp(), failures = 0, requests = 0;
        for (; Stopwatch.GetElapsedTime(start) < duration && !stopping.IsCancellationRequested; requests += 1000)
        {
            failures += (await Catalog.CountAsync(world.Client, 1000)).Other;
            if (!(await world.Client.Space.RunAsync("redis-cli -h cache.shop.mesh ping")).Output.StartsWith("PONG", StringComparison.Ordinal)) failures++;
        }
        await output.WriteLineAsync($"{requests} requests in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
        return failures;
    }

    private static Usage Measure(int process)
    {
        string resident = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return new(long.Parse(new string([.. resident.Where(char.IsAsciiDigit)]), System.Globalization.CultureInfo.InvariantCulture),
            Directory.GetFileSystemEntries($"/proc/{process}/fd").Length);
    }
}
