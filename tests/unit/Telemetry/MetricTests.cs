using System.Buffers;
using System.Text;
using Mesh.Kit.Measuring;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Unit.Telemetry;

public sealed class MetricTests
{
    private static readonly MetricFamily Hits = MetricFamily.Counter("test_hits_total", "Hits.", "path");
    private static readonly MetricFamily Level = MetricFamily.Gauge("test_level", "Level \\ of\n\"it\".");
    private static readonly MetricFamily Latency = MetricFamily.Histogram("test_latency_seconds", "Latency.", [0.1, 1], "path");

    private readonly MetricRegistry registry = new(loops: 2);

    [Fact]
    public void Shards_of_one_label_set_are_added_up()
    {
        registry.Shard(0).Counter(Hits, "/a").Add(2);
        registry.Shard(1).Counter(Hits, "/a").Increment();
        registry.Shared.Counter(Hits, "/a").Add(0.5);
        Assert.Contains("test_hits_total{path=\"/a\"} 3.5\n", Text(MetricFormat.Prometheus), StringComparison.Ordinal);
    }

    [Fact]
    public void Same_labels_give_the_same_cell() =>
        Assert.Same(registry.Shard(0).Counter(Hits, "/a"), registry.Shard(0).Counter(Hits, "/a"));

    [Fact]
    public void Histogram_in_prometheus_text_is_cumulative()
    {
        var cell = registry.Shard(0).Histogram(Latency, "/a");
        foreach (double value in (double[])[0.05, 0.1, 0.5, 7]) cell.Observe(value);
        const string expected = """
            # HELP test_latency_seconds Latency.
            # TYPE test_latency_seconds histogram
            test_latency_seconds_bucket{path="/a",le="0.1"} 2
            test_latency_seconds_bucket{path="/a",le="1.0"} 3
            test_latency_seconds_bucket{path="/a",le="+Inf"} 4
            test_latency_seconds_sum{path="/a"} 7.65
            test_latency_seconds_count{path="/a"} 4

            """;
        Assert.Equal(expected, Text(MetricFormat.Prometheus));
    }

    [Fact]
    public void Open_metrics_names_a_counter_family_without_its_suffix_and_ends_with_eof()
    {
        registry.Shard(0).Counter(Hits, "a\\b\"c\nd").Increment();
        registry.Shared.Gauge(Level).Set(-1.25);
        const string expected = """
            # HELP test_hits Hits.
            # TYPE test_hits counter
            test_hits_total{path="a\\b\"c\nd"} 1
            # HELP test_level Level \\ of\n\"it\".
            # TYPE test_level gauge
            test_level -1.25
            # EOF

            """;
        Assert.Equal(expected, Text(MetricFormat.OpenMetrics));
    }

    [Fact]
    public void Help_in_prometheus_text_keeps_quotes()
    {
        registry.Shared.Gauge(Level).Set(double.PositiveInfinity);
        Assert.Equal("# HELP test_level Level \\\\ of\\n\"it\".\n# TYPE test_level gauge\ntest_level +Inf\n", Text(MetricFormat.Prometheus));
    }

    [Fact]
    public void Label_sets_beyond_the_limit_go_into_one_overflow_series_and_are_counted()
    {
        var small = Hits.WithMaxSeries(2);
        for (int i = 0; i < 5; i++) registry.Shard(0).Counter(small, $"/{i}").Increment();
        string text = Text(MetricFormat.Prometheus);
        Assert.Contains("test_hits_total{path=\"/1\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/2", text, StringComparison.Ordinal);
        Assert.Contains("test_hits_total{path=\"overflow\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_metric_series_dropped_total{metric=\"test_hits_total\"} 3\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Known_label_sets_stay_exact_after_the_limit()
    {
        var small = Hits.WithMaxSeries(1);
        for (int i = 0; i < 3; i++) registry.Shard(0).Counter(small, "/a").Increment();
        Assert.Contains("test_hits_total{path=\"/a\"} 3\n", Text(MetricFormat.Prometheus), StringComparison.Ordinal);
    }

    [Fact]
    public void Observed_number_is_read_at_the_scrape_until_it_is_disposed()
    {
        double level = 1;
        var observation = registry.Observe(Level, LabelSet.None, () => level);
        level = 2;
        Assert.Contains("test_level 2\n", Text(MetricFormat.Prometheus), StringComparison.Ordinal);
        observation.Dispose();
        Assert.Equal("", Text(MetricFormat.Prometheus));
    }

    [Fact]
    public void Removed_series_is_gone_from_the_scrape()
    {
        registry.Shared.Counter(Hits, "/a").Increment();
        registry.Shared.Remove(Hits, new LabelSet("/a"));
        Assert.Equal("", Text(MetricFormat.Prometheus));
    }

    [Fact]
    public void Wrong_number_of_labels_or_wrong_kind_is_refused()
    {
        Assert.Throws<ArgumentException>(() => registry.Shared.Counter(Hits));
        Assert.Throws<ArgumentException>(() => registry.Shared.Gauge(Hits, "/a"));
        Assert.Throws<ArgumentException>(() => MetricFamily.Counter("test_hits", "No suffix."));
    }

    [Fact]
    public async Task Shared_cells_lose_nothing_under_many_threads()
    {
        var counter = registry.Shared.Counter(Hits, "/a");
        var histogram = registry.Shared.Histogram(Latency, "/a");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                counter.Increment();
                histogram.Observe(0.5);
            }
        })));
        Assert.Equal(40_000, counter.Value);
        Assert.Equal((40_000, 20_000), (histogram.Count(1), histogram.Sum));
    }

    [Theory]
    [InlineData(null, MetricFormat.Prometheus)]
    [InlineData("*/*", MetricFormat.Prometheus)]
    [InlineData("text/html", MetricFormat.Prometheus)]
    [InlineData("application/openmetrics-text", MetricFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", MetricFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;q=0.2,text/plain;q=0.3", MetricFormat.Prometheus)]
    [InlineData("application/openmetrics-text;q=0", MetricFormat.Prometheus)]
    public void Format_follows_the_accept_header(string? accept, MetricFormat expected) => Assert.Equal(expected, MetricText.Negotiate(accept));

    [Fact]
    public void Removed_series_of_one_shard_leaves_those_of_the_others()
    {
        registry.Shard(0).Counter(Hits, "/a").Increment();
        registry.Shared.Counter(Hits, "/a").Add(5);
        registry.Shared.Remove(Hits, new LabelSet("/a"));
        Assert.Contains("test_hits_total{path=\"/a\"} 1\n", Text(MetricFormat.Prometheus), StringComparison.Ordinal);
        registry.Shared.Counter(Hits, "/a").Add(2);
        Assert.Contains("test_hits_total{path=\"/a\"} 3\n", Text(MetricFormat.Prometheus), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(0.1)]
    [InlineData(999_999_999_999_999)]
    [InlineData(1e15)]
    [InlineData(1.5e300)]
    [InlineData(-2.5e-8)]
    [InlineData(double.NaN)]
    public void Numbers_are_written_so_that_they_come_back(double value)
    {
        registry.Shared.Gauge(Level).Set(value);
        string text = Text(MetricFormat.Prometheus);
        Assert.EndsWith($"test_level {value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_scrape_comes_in_pieces_that_make_the_whole_and_costs_no_more_memory_than_a_small_one()
    {
        long small = Allocated();
        for (int i = 0; i < 3000; i++) registry.Shard(i % 2).Histogram(Latency, $"/some/longer/path/to/something/{i}").Observe(0.5);
        string whole = Text(MetricFormat.OpenMetrics);
        var pieces = MetricText.Pieces(registry, MetricFormat.OpenMetrics).Select(static piece => piece.ToArray()).ToList();
        Assert.True(pieces.Count > 10);
        Assert.All(pieces, static piece => Assert.InRange(piece.Length, 0, 64 * 1024));
        Assert.Equal(whole, Encoding.UTF8.GetString(pieces.SelectMany(static piece => piece).ToArray()));
        Assert.Equal(3000, whole.Split('\n').Count(static line => line.StartsWith("test_latency_seconds_count{", StringComparison.Ordinal)));
        Assert.InRange(Allocated() - small, 0, 160 * 1024);

        long Allocated() => Allocation.Of(() =>
        {
            foreach (var piece in MetricText.Pieces(registry, MetricFormat.OpenMetrics)) _ = piece.Length;
        });
    }

    private string Text(MetricFormat format)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MetricText.Write(registry, format, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
