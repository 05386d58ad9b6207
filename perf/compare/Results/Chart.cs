using System.Globalization;
using System.Text;
using Mesh.Compare.Candidates;

namespace Mesh.Compare.Results;

/// <summary>What a unit of work costs, one group of bars a scenario, each group to its own scale; drawn as SVG without any library.</summary>
internal static class Chart
{
    private const int Width = 760, LabelWidth = 90, BarHeight = 18, Gap = 5, GroupGap = 34, Top = 40;

    private static readonly (string Name, string Colour)[] order = [(Candidate.Meshd, "#2563eb"), ("nginx", "#94a3b8"), ("haproxy", "#cbd5e1")];

    private static readonly Figure[] costs = [Figure.CpuPerRequest, Figure.CpuPerGiB, Figure.BytesPerConnection];

    public static string Draw(IEnumerable<Row> rows)
    {
        var bars = new StringBuilder();
        int y = Top;
        foreach (var row in rows.Where(row => costs.Contains(row.Figure) && row.Candidates.Count > 0)) y = DrawGroup(bars, row, y);
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {y + 10}" font-family="sans-serif" font-size="14">
              <text x="0" y="24" font-size="18" font-weight="600">What a unit of work costs (less is better; thin line: least to most of the rounds)</text>
            {bars}</svg>

            """;
    }

    /// <returns>Where the next group begins.</returns>
    private static int DrawGroup(StringBuilder bars, Row row, int y)
    {
        y += GroupGap;
        string ratio = row.Ratio is { } value ? string.Create(CultureInfo.InvariantCulture, $", {value:0.00} of the best peer") : "";
        bars.Append(CultureInfo.InvariantCulture, $"""  <text x="0" y="{y - 10}" font-weight="600">{row.Scenario}: {row.Title} — {row.Figure.Words}{ratio}</text>""").Append('\n');
        double scale = (Width - LabelWidth - 90) / Math.Max(1e-9, row.Candidates.Values.Max(summary => summary.Most));
        foreach (var (name, colour) in order)
        {
            if (!row.Candidates.TryGetValue(name, out var summary)) continue;
            double middle = y + (BarHeight / 2.0), most = LabelWidth + (Math.Max(0, summary.Most) * scale);
            bars.Append(CultureInfo.InvariantCulture, $"""
                  <text x="0" y="{y + 14}">{name}</text>
                  <rect x="{LabelWidth}" y="{y}" width="{Math.Max(0, summary.Median) * scale:0.0}" height="{BarHeight}" rx="3" fill="{colour}"/>
                  <line x1="{LabelWidth + (Math.Max(0, summary.Least) * scale):0.0}" x2="{most:0.0}" y1="{middle}" y2="{middle}" stroke="#0f172a"/>
                  <text x="{most + 8:0.0}" y="{y + 14}">{summary.Median:0.##}</text>

                """);
            y += BarHeight + Gap;
        }
        return y;
    }
}
