using System.Globalization;
using System.Text;
using Mesh.Compare.Candidates;

namespace Mesh.Compare.Results;

/// <summary>Medians, with least and most of the rounds behind them.</summary>
internal static class MarkdownTable
{
    private static readonly string[] columns = [Candidate.Meshd, "nginx", "haproxy"];

    public static string Format(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        foreach (var scenario in rows.GroupBy(row => (row.Scenario, row.Title)))
        {
            text.Append(CultureInfo.InvariantCulture, $"### {scenario.Key.Scenario}: {scenario.Key.Title}\n\n");
            text.Append("| figure | meshd | nginx | haproxy | meshd to the best peer | target | |\n|---|---:|---:|---:|---:|---:|---|\n");
            foreach (var row in scenario) text.Append(Line(row));
            text.Append('\n');
        }
        return text.ToString();
    }

    private static string Line(Row row)
    {
        string cells = string.Join(" | ", columns.Select(name => row.Candidates.TryGetValue(name, out var summary) ? Cell(summary) : "-"));
        string ratio = row.Ratio is { } value ? value.ToString("0.00", CultureInfo.InvariantCulture) : "-";
        return $"| {row.Figure.Words} | {cells} | {ratio} | {Limit(row.Target)} | {Verdict(row.IsMet)} |\n";
    }

    private static string Cell(Summary summary) =>
        summary.Count == 1 ? Number(summary.Median) : $"{Number(summary.Median)} ({Number(summary.Least)} .. {Number(summary.Most)})";

    private static string Limit(Target? target) => target is null ? "" : (target.IsRatio ? "ratio ≤ " : "≤ ") + target.Limit.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Verdict(bool? met) => met switch { true => "met", false => "missed", null => "" };

    /// <summary>Three digits that mean something.</summary>
    private static string Number(double value) =>
        value.ToString(Math.Abs(value) switch { < 1 => "0.000", < 10 => "0.00", < 100 => "0.0", _ => "0" }, CultureInfo.InvariantCulture);
}
