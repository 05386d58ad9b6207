using Mesh.Io;
using Mesh.Kit.Measuring;
using Mesh.Proxy.Configuration;

namespace Mesh.Tests.Unit.Proxy;

public sealed class TableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_table_keeps_what_it_had_whatever_is_changed_after_it(int seed)
    {
        var random = new Random(seed);
        var builder = new Table<string, string>.Builder(Table<string, string>.Empty);
        var model = new Dictionary<string, string>();
        var kept = new List<(Table<string, string> Table, Dictionary<string, string> Expected)>();
        for (int round = 0; round < 60; round++)
        {
            // Grows for a while, then shrinks to nothing.
            for (int i = 0; i < 40; i++) Change(random, builder, model, remove: round > 40 || random.Next(4) == 0);
            kept.Add((builder.ToTable(), new(model)));
        }
        foreach (var (table, expected) in kept) AssertEqual(expected, table);
    }

    [Fact]
    public void Unchanged_builder_gives_the_same_table_again()
    {
        var builder = new Table<string, string>.Builder(Table<string, string>.Empty);
        builder.Set("a", "1");
        var table = builder.ToTable();
        builder.Remove("b");
        Assert.Same(table, builder.ToTable());
    }

    [Fact]
    public void Addresses_that_differ_in_their_upper_bits_only_do_not_share_buckets()
    {
        var builder = new Table<Ip, string>.Builder(Table<Ip, string>.Empty);
        for (uint i = 0; i < 20_000; i++) builder.Set(Ip.FromV4(i << 16 | 1), "x");
        Assert.InRange(builder.ToTable().LongestBucket, 1, 24);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var builder = new Table<string, string>.Builder(Table<string, string>.Empty);
        for (int i = 0; i < 1000; i++) builder.Set($"k{i}", "v");
        var table = builder.ToTable();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 1000; i++) _ = table.TryGetValue("k500", out _);
        }));
    }

    private static void Change(Random random, Table<string, string>.Builder builder, Dictionary<string, string> model, bool remove)
    {
        string key = $"key-{random.Next(1500)}";
        if (remove && model.Count > 0)
        {
            key = model.Keys.ElementAt(random.Next(model.Count));
            builder.Remove(key);
            model.Remove(key);
            return;
        }
        builder.Set(key, key + random.Next(10));
        model[key] = builder.GetValueOrDefault(key)!;
    }

    private static void AssertEqual(Dictionary<string, string> expected, Table<string, string> table)
    {
        Assert.Equal(expected.Count, table.Count);
        foreach (var (key, value) in expected) Assert.Equal(value, table[key]);
        Assert.Equal(expected.Values.Order(StringComparer.Ordinal), table.Values.Order(StringComparer.Ordinal));
        Assert.Null(table.GetValueOrDefault("no such key"));
    }
}
