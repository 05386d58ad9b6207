using System.Xml.Linq;
using Mesh.Compare.Results;

namespace Mesh.Tests.Unit.Compare;

public sealed class ResultFilesTests
{
    [Fact]
    public void A_table_shows_medians_with_their_spread_ratio_target_and_verdict() => Assert.Equal(
        """
        ### a: one hop

        | figure | meshd | nginx | haproxy | meshd to the best peer | target | |
        |---|---:|---:|---:|---:|---:|---|
        | CPU a request, µs | 30.0 (29.0 .. 32.0) | 20.0 | - | 1.50 | ratio ≤ 0.9 | missed |
        | requests/s | 1000 | - | - | - |  |  |
        | bytes a connection | - | - | - | - | ≤ 4096 | missed |


        """, MarkdownTable.Format([.. Measured().Rows()]));

    [Fact]
    public void Notes_follow_the_tables() => Assert.EndsWith("- a: a fact\n", ResultFiles.Markdown("5 rounds", [Measured()]), StringComparison.Ordinal);

    [Fact]
    public void The_chart_is_well_formed_and_has_a_bar_for_each_candidate_of_a_cost()
    {
        var chart = XDocument.Parse(Chart.Draw(Measured().Rows()));
        Assert.Equal(2, chart.Descendants().Count(element => element.Name.LocalName == "rect"));
    }

    private static Samples Measured()
    {
        var samples = new Samples("a", "one hop", [Target.Ratio(Figure.CpuPerRequest, 0.9), Target.Value(Figure.BytesPerConnection, 4096)]);
        foreach (double value in new[] { 32.0, 29, 30 }) samples.Add(Figure.CpuPerRequest, "meshd", value);
        samples.Add(Figure.CpuPerRequest, "nginx", 20);
        samples.Add(Figure.RequestsPerSecond, "meshd", 1000);
        samples.Notes.Add("a fact");
        return samples;
    }
}
