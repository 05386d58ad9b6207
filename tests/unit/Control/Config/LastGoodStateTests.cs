using Google.Protobuf;
using Mesh.Control;
using Mesh.Control.Config;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Control.Config;

public sealed class LastGoodStateTests
{
    private const string StateName = "config/last-good";
    private static readonly string ServiceUrl = ConfigTypes.UrlOf(Service.Descriptor);
    private readonly TestLoop loop = new();
    private readonly MemoryStateStore disk = new();
    private readonly List<ControlEvent> events = [];

    [Fact]
    public void Configuration_is_written_a_moment_after_the_last_change_and_loaded_at_start()
    {
        Fill();
        loop.Advance(LastGoodState.WriteDelay - TimeSpan.FromMilliseconds(1));
        Assert.Empty(disk.Values);
        loop.Advance(TimeSpan.FromMilliseconds(1));

        var (cache, loaded) = Load();
        Assert.True(loaded);
        Assert.True(cache.IsComplete);
        Assert.Equal("catalog", ((Service)cache.Resources.Single().Parse()).Name);
        Assert.Equal("v1", cache.Version);
    }

    [Fact]
    public void File_cut_off_anywhere_is_reported_and_ignored()
    {
        Fill();
        loop.Advance(TimeSpan.FromSeconds(2));
        byte[] whole = disk.Values[StateName];
        for (int length = 0; length < whole.Length; length++)
        {
            disk.Values[StateName] = whole[..length];
            events.Clear();
            var (cache, loaded) = Load();
            Assert.False(loaded);
            Assert.False(cache.IsComplete);
            Assert.Contains(events, entry => entry.Id == 3041 && entry.Severity == ControlSeverity.Error);
        }
    }

    [Fact]
    public void File_with_one_changed_bit_is_ignored()
    {
        Fill();
        loop.Advance(TimeSpan.FromSeconds(2));
        byte[] value = disk.Values[StateName];
        value[^1] ^= 1;

        Assert.False(Load().Loaded);
    }

    [Fact]
    public void Failed_write_is_reported_and_tried_again()
    {
        disk.WriteProblem = "no space left on device";
        Fill();
        loop.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains(events, entry => entry.Id == 3042);

        disk.WriteProblem = null;
        loop.Advance(TimeSpan.FromSeconds(2));
        Assert.True(Load().Loaded);
    }

    [Fact]
    public void What_changes_is_added_and_what_is_there_is_not_written_again()
    {
        var cache = Start(out _);
        Change(cache, "v1", ("catalog", "1"), ("cart", "1"));
        int whole = disk.Values[StateName].Length;
        byte[] before = disk.Values[StateName];

        Change(cache, "v2", ("cart", "2"));
        byte[] after = disk.Values[StateName];
        Assert.InRange(after.Length - whole, 1, whole);
        Assert.Equal(before, after[..whole]);
        Remove(cache, "v3", "catalog");

        var (loaded, _) = Load();
        Assert.Equal("v3", loaded.Version);
        Assert.Equal("2", Assert.Single(loaded.Resources).Version);
    }

    [Fact]
    public void Log_cut_off_anywhere_serves_a_state_that_once_was()
    {
        var cache = Start(out _);
        var states = new List<(int Length, string Version)>();
        for (int i = 1; i <= 4; i++)
        {
            Change(cache, $"v{i}", ("catalog", $"{i}"), ($"other{i}", "1"));
            states.Add((disk.Values[StateName].Length, $"v{i}"));
        }
        byte[] whole = disk.Values[StateName];
        for (int length = states[0].Length; length <= whole.Length; length++)
        {
            disk.Values[StateName] = whole[..length];
            events.Clear();
            var (loaded, isLoaded) = Load();
            Assert.True(isLoaded);
            Assert.Equal(states.Last(state => state.Length <= length).Version, loaded.Version);
            Assert.Equal(states.All(state => state.Length != length), events.Any(static entry => entry.Id == 3043));
        }
    }

    [Fact]
    public void State_of_many_records_counts_only_with_the_last_of_them()
    {
        var cache = Start(out _);
        Change(cache, "v1", [.. Enumerable.Range(0, 3000).Select(static i => ($"service-{i}", "1"))]);
        byte[] whole = disk.Values[StateName];
        Assert.True(whole.Length > 2 * ConfigLog.RecordBytes);
        Assert.Equal(3000, Load().Cache.Resources.Count());

        disk.Values[StateName] = whole[..^1];
        Assert.False(Load().Loaded);
    }

    [Fact]
    public void Log_that_has_doubled_is_written_anew()
    {
        var cache = Start(out _);
        Change(cache, "v1", ("catalog", "0"));
        int largest = 0;
        string version = new('x', 10_000);
        for (int i = 0; i < 100; i++)
        {
            Change(cache, $"v{i}", ("catalog", version + i));
            largest = Math.Max(largest, disk.Values[StateName].Length);
        }
        Assert.InRange(largest, LastGoodState.MinAddedBytes, LastGoodState.MinAddedBytes + 50_000);
        Assert.Equal(version + 99, Assert.Single(Load().Cache.Resources).Version);
    }

    [Fact]
    public void After_a_start_from_disk_changes_are_added_unless_the_end_was_cut_off()
    {
        Change(Start(out _), "v1", ("catalog", "1"));
        byte[] whole = disk.Values[StateName];
        var cache = Start(out var state);
        Assert.True(loop.Run(state.LoadAsync));
        loop.Advance(TimeSpan.FromSeconds(2));
        Assert.Same(whole, disk.Values[StateName]);
        Change(cache, "v2", ("cart", "1"));
        Assert.Equal(whole, disk.Values[StateName][..whole.Length]);

        disk.Values[StateName] = disk.Values[StateName][..^1];
        cache = Start(out state);
        Assert.True(loop.Run(state.LoadAsync));
        Change(cache, "v3", ("basket", "1"));
        Assert.Equal("v3", Load().Cache.Version);
    }

    [Fact]
    public void Log_that_could_not_be_added_to_is_written_anew()
    {
        var cache = Start(out _);
        Change(cache, "v1", ("catalog", "1"));
        disk.WriteProblem = "no space left on device";
        Change(cache, "v2", ("cart", "1"));
        disk.Values[StateName] = [.. disk.Values[StateName], 1, 2, 3]; // what a failed append may leave
        disk.WriteProblem = null;
        loop.Advance(TimeSpan.FromSeconds(2));
        Change(cache, "v3", ("basket", "1"));

        var loaded = Load().Cache;
        Assert.Equal("v3", loaded.Version);
        Assert.Equal(3, loaded.Resources.Count());
    }

    private void Fill()
    {
        var cache = Start(out _);
        loop.Post(_ => cache.Replace([(ConfigTypes.UrlOf(Service.Descriptor), "shop/catalog", "1", new Service { Name = "catalog" }.ToByteString())], "v1"), null);
        loop.RunUntilIdle();
    }

    private ResourceCache Start(out LastGoodState state)
    {
        var cache = NewCache();
        state = new LastGoodState(cache, disk, loop.Time, events.Add);
        return cache;
    }

    /// <summary>As over the stream, and waits until it must be on disk.</summary>
    private void Change(ResourceCache cache, string version, params (string Name, string Version)[] services) => Take(cache, () =>
        cache.Apply(ServiceUrl, services.Select(static s => (s.Name, s.Version, new Service { Name = s.Name }.ToByteString())), [], version));

    private void Remove(ResourceCache cache, string version, string service) => Take(cache, () => cache.Apply(ServiceUrl, [], [service], version));

    private void Take(ResourceCache cache, Action change)
    {
        if (!cache.IsComplete) loop.Post(_ => Complete(cache), null);
        loop.Post(_ => change(), null);
        loop.Advance(TimeSpan.FromSeconds(2));
    }

    private static void Complete(ResourceCache cache)
    {
        foreach (string url in ConfigTypes.Urls) cache.Apply(url, [], [], "v0");
    }

    private (ResourceCache Cache, bool Loaded) Load()
    {
        var cache = NewCache();
        bool loaded = loop.Run(new LastGoodState(cache, disk, loop.Time, events.Add).LoadAsync);
        return (cache, loaded);
    }

    private static ResourceCache NewCache() => new(static (_, _, _) => null);
}
