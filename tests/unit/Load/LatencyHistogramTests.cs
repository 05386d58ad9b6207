using Mesh.Load.Latency;

namespace Mesh.Tests.Unit.Load;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Nothing_recorded_gives_zero() => Assert.Equal(0, new LatencyHistogram().Quantile(0.99));

    [Fact]
    public void Small_values_are_exact()
    {
        var histogram = Of(Enumerable.Range(0, 256).Select(value => (long)value));
        Assert.Equal(0, histogram.Quantile(1 / 256.0));
        Assert.Equal(127, histogram.Quantile(0.5));
        Assert.Equal(254, histogram.Quantile(255 / 256.0));
        Assert.Equal(255, histogram.Quantile(1));
    }

    [Fact]
    public void A_quantile_is_at_most_one_in_128_above_the_exact_one()
    {
        var random = new Random(17);
        var values = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * 24)).Order().ToList();
        var histogram = Of(values);
        foreach (double share in new[] { 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            long exact = values[(int)Math.Ceiling(share * values.Count) - 1];
            Assert.InRange(histogram.Quantile(share), exact, exact + (exact / 128));
        }
    }

    [Fact]
    public void Values_around_every_doubling_come_back_in_order()
    {
        var values = Enumerable.Range(1, 62).SelectMany(bit => new[] { (1L << bit) - 1, 1L << bit, (1L << bit) + 1 });
        foreach (long value in values)
        {
            var histogram = Of([value, long.MaxValue]);
            Assert.InRange(histogram.Quantile(0.5), value, value + (value / 128));
        }
    }

    [Fact]
    public void No_quantile_is_above_the_largest_value() => Assert.Equal(1_000_001, Of([1_000_001]).Quantile(0.5));

    [Fact]
    public void A_negative_duration_counts_as_zero() => Assert.Equal(0, Of([-5]).Quantile(1));

    [Theory]
    [InlineData(0)]
    [InlineData(1.001)]
    public void A_share_out_of_range_is_refused(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => Of([1]).Quantile(share));

    private static LatencyHistogram Of(IEnumerable<long> values)
    {
        var histogram = new LatencyHistogram();
        foreach (long value in values) histogram.Record(value);
        return histogram;
    }
}
