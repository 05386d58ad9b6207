using System.Collections.Frozen;
using System.Diagnostics;
using Mesh.Control.Config;
using Mesh.Control.State;
using Mesh.Control.Translation;
using Mesh.Proxy.Configuration;
using Mesh.Resources;
using Mesh.Resources.Compile;

namespace Mesh.Scale;

/// <summary>The rooms one by one, in this process: what each costs in time, and what it holds.</summary>
internal static class Rooms
{
    public static async Task RunAsync(ScaleWorld world)
    {
        var resources = Time("make and validate the resources", () => ResourceSet.Of(world.All));
        var compiler = new GraphCompiler(new CompileOptions("cluster.local"));
        var graph = Time("controller: compile all", () => compiler.Compile(resources, null).Graph);
        Each("controller: compile one changed workload", 200, i =>
        {
            var changed = world.WorkloadOf(i * 37 % world.Workloads, 1 + i / 37);
            resources = resources.With(changed);
            compiler.Compile(resources, new HashSet<ResourceKey> { changed.Key });
        });
        var entries = graph.Types.SelectMany(static type => type.Value.Values.Select(resource => (type.Key, resource.Name, resource.Version, resource.Bytes))).ToList();
        Console.WriteLine($"encoded: {entries.Sum(static entry => (long)entry.Bytes.Length) / 1048576.0:f1} MiB");

        long before = Live();
        var cache = new ResourceCache(ResourceChecks.Check);
        Time("meshd: check all and take them into the cache", () => cache.Replace(entries, "v1"));
        long cached = Live();
        var translator = new SnapshotTranslator(2, new Random(1));
        var all = cache.Resources.Select(static r => new ConfigChange(r.TypeUrl, r.Name, r)).ToList();
        var snapshot = Time("meshd: translate all", () => translator.Apply(all, "cluster.local"));
        all.Clear();
        all.Capacity = 0;
        long translated = Live();
        Console.WriteLine($"meshd holds: cache {(cached - before) / 1048576.0:f1} MiB beside the shared bytes, models and tables {(translated - cached) / 1048576.0:f1} MiB");
        Changes(world, translator);
        Lookups(snapshot);
        await DiskAsync(cache);
        GC.KeepAlive(cache);
    }

    private static void Changes(ScaleWorld world, SnapshotTranslator translator)
    {
        var compiler = new GraphCompiler(new CompileOptions("cluster.local"));
        var resources = ResourceSet.Of(new ScaleWorld(world.Services, world.Services).All.Where(static r => r.Key.Kind == "Service"));
        var changes = Enumerable.Range(0, 500).Select(i =>
        {
            var workload = world.WorkloadOf(i * 37 % world.Workloads, 2);
            var compiled = compiler.Compile(resources.With(workload), new HashSet<ResourceKey> { workload.Key }).Graph.OfType(TypeUrls.Workload)[workload.Key.Path];
            return new ConfigChange(TypeUrls.Workload, compiled.Name, new CachedResource(TypeUrls.Workload, compiled.Name, compiled.Version, compiled.Bytes));
        }).ToList();
        Each("meshd: translate one changed endpoint", changes.Count, i => translator.Apply([changes[i]], "cluster.local"));
    }

    private static void Lookups(Snapshot snapshot)
    {
        string[] keys = [.. snapshot.WorkloadsByUid.Values.Select(static w => w.Uid)];
        new Random(1).Shuffle(keys);
        var frozen = snapshot.WorkloadsByUid.Values.ToFrozenDictionary(static w => w.Uid);
        var addresses = snapshot.WorkloadsByAddress.Values.Select(static w => w.Addresses[0]).ToArray();
        new Random(1).Shuffle(addresses);
        var frozenAddresses = addresses.ToFrozenDictionary(static a => a, a => snapshot.WorkloadsByAddress[a]);
        for (int i = 0; i < 2; i++)
        {
            Each("read by uid: frozen dictionary, all in turn", keys.Length, k => frozen.TryGetValue(keys[k], out _));
            Each("read by uid: table, all in turn", keys.Length, k => snapshot.WorkloadsByUid.TryGetValue(keys[k], out _));
            Each("read by uid: frozen dictionary, sixteen of them", keys.Length, k => frozen.TryGetValue(keys[k & 15], out _));
            Each("read by uid: table, sixteen of them", keys.Length, k => snapshot.WorkloadsByUid.TryGetValue(keys[k & 15], out _));
            Each("read by address: frozen dictionary, sixteen of them", addresses.Length, k => frozenAddresses.TryGetValue(addresses[k & 15], out _));
            Each("read by address: table, sixteen of them", addresses.Length, k => snapshot.WorkloadsByAddress.TryGetValue(addresses[k & 15], out _));
        }
    }

    private static async Task DiskAsync(ResourceCache cache)
    {
        string folder = Directory.CreateTempSubdirectory("mesh-scale-").FullName;
        try
        {
            var store = new FileStateStore(folder);
            _ = new LastGoodState(cache, store, TimeProvider.System, static _ => { });
            var state = new LastGoodState(cache, store, TimeProvider.System, static _ => { });
            cache.Replace([.. cache.Resources.Skip(1).Select(static r => (r.TypeUrl, r.Name, r.Version, r.Bytes))], "v2");
            await TimeAsync("meshd: write the whole state", state.FlushAsync);
            Console.WriteLine($"on disk: {new FileInfo(Path.Combine(folder, "config", "last-good")).Length / 1048576.0:f1} MiB");
            var loaded = new ResourceCache(ResourceChecks.Check);
            await TimeAsync("meshd: load the state", () => new LastGoodState(loaded, store, TimeProvider.System, static _ => { }).LoadAsync());
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static T Time<T>(string what, Func<T> work)
    {
        long allocated = GC.GetTotalAllocatedBytes(true);
        var clock = Stopwatch.StartNew();
        var result = work();
        Console.WriteLine($"{what}: {clock.Elapsed.TotalMilliseconds:f0} ms, {(GC.GetTotalAllocatedBytes(true) - allocated) / 1048576.0:f1} MiB allocated");
        return result;
    }

    private static async Task TimeAsync(string what, Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        Console.WriteLine($"{what}: {clock.Elapsed.TotalMilliseconds:f0} ms");
    }

    private static void Each(string what, int count, Action<int> work)
    {
        long allocated = GC.GetTotalAllocatedBytes(true);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < count; i++) work(i);
        clock.Stop();
        Console.WriteLine($"{what}: {clock.Elapsed.TotalMicroseconds / count:f3} µs each, {(GC.GetTotalAllocatedBytes(true) - allocated) / count} B allocated");
    }

    private static long Live() => GC.GetTotalMemory(forceFullCollection: true);
}
