using Mesh.Compare.Results;

namespace Mesh.Tests.Unit.Compare;

public sealed class RowTests
{
    [Fact]
    public void A_cost_is_compared_with_the_cheapest_peer() =>
        Assert.Equal(0.9, Row(Figure.CpuPerRequest, null, ("meshd", 18), ("nginx", 20), ("haproxy", 30)).Ratio!.Value, 6);

    [Fact]
    public void A_rate_is_compared_with_the_fastest_peer() =>
        Assert.Equal(0.5, Row(Figure.RequestsPerSecond, null, ("meshd", 15), ("nginx", 20), ("haproxy", 30)).Ratio!.Value, 6);

    [Fact]
    public void A_peer_below_zero_gives_no_ratio() => Assert.Null(Row(Figure.AddedP99, null, ("meshd", 18), ("nginx", -1)).Ratio);

    [Fact]
    public void Without_a_peer_there_is_no_ratio() => Assert.Null(Row(Figure.CpuPerRequest, null, ("meshd", 18)).Ratio);

    [Theory]
    [InlineData(18, true)]
    [InlineData(18.1, false)]
    public void A_ratio_is_met_up_to_its_limit(double meshd, bool met) =>
        Assert.Equal(met, Row(Figure.CpuPerRequest, Target.Ratio(Figure.CpuPerRequest, 0.9), ("meshd", meshd), ("nginx", 20)).IsMet);

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void A_value_is_met_whatever_the_peers_have(double meshd, bool met) =>
        Assert.Equal(met, Row(Figure.BytesPerConnection, Target.Value(Figure.BytesPerConnection, 4096), ("meshd", meshd), ("nginx", 100)).IsMet);

    [Fact]
    public void A_target_whose_figure_is_missing_is_missed()
    {
        Assert.False(Row(Figure.CpuPerRequest, Target.Ratio(Figure.CpuPerRequest, 0.9), ("nginx", 20)).IsMet);
        Assert.False(Row(Figure.CpuPerRequest, Target.Ratio(Figure.CpuPerRequest, 0.9), ("meshd", 20)).IsMet);
    }

    [Fact]
    public void Without_a_target_there_is_no_verdict() => Assert.Null(Row(Figure.CpuPerRequest, null, ("meshd", 1), ("nginx", 20)).IsMet);

    private static Row Row(Figure figure, Target? target, params (string Name, double Value)[] candidates) =>
        new("a", "title", figure, candidates.ToDictionary(candidate => candidate.Name, candidate => Summary.Of([candidate.Value])), target);
}
