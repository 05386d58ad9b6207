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
        Assert.Equal("catalog", cache.All<Service>().Single().Name);
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

    private void Fill()
    {
        var cache = NewCache();
        _ = new LastGoodState(cache, disk, loop.Time, events.Add);
        loop.Post(_ => cache.Replace([(ConfigTypes.UrlOf(Service.Descriptor), "shop/catalog", "1", new Service { Name = "catalog" }.ToByteString())], "v1"), null);
        loop.RunUntilIdle();
    }

    private (ResourceCache Cache, bool Loaded) Load()
    {
        var cache = NewCache();
        bool loaded = loop.Run(new LastGoodState(cache, disk, loop.Time, events.Add).LoadAsync);
        return (cache, loaded);
    }

    private static ResourceCache NewCache() => new(static (_, _) => null);
}
