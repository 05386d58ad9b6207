using System.Globalization;
using System.Text;

namespace Mesh.Compare.Results;

/// <summary>Bars, one group a scenario, drawn as SVG without any library.</summary>
internal static class Chart
{
    private const int Width = 720, LabelWidth = 90, BarHeight = 22, Gap = 6, GroupGap = 34, Top = 40;

    private static readonly (string Name, string Colour)[] order = [("meshd", "#2563eb"), ("nginx", "#94a3b8"), ("haproxy", "#cbd5e1")];

    public static string Draw(IReadOnlyList<Row> rows)
    {
        double largest = rows.SelectMany(row => row.Peers.Values.Append(row.Meshd ?? 0)).DefaultIfEmpty(1).Max();
        var bars = new StringBuilder();
        int y = Top;
        foreach (var row in rows)
        {
            y += GroupGap;
            bars.Append(CultureInfo.InvariantCulture, $"""  <text x="0" y="{y - 10}" font-weight="600">{row.Scenario}: {row.Title}</text>""").Append('\n');
            foreach (var (name, colour) in order)
            {
                double? value = name == "meshd" ? row.Meshd : row.Peers.TryGetValue(name, out double peer) ? peer : null;
                if (value is not { } number) continue;
                double length = number / largest * (Width - LabelWidth - 70);
                bars.Append(CultureInfo.InvariantCulture, $"""
                      <text x="0" y="{y + 16}">{name}</text>
                      <rect x="{LabelWidth}" y="{y}" width="{length:0.0}" height="{BarHeight}" rx="3" fill="{colour}"/>
                      <text x="{LabelWidth + length + 8:0.0}" y="{y + 16}">{number:0.0}</text>

                    """);
                y += BarHeight + Gap;
            }
        }
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {y + 10}" font-family="sans-serif" font-size="14">
              <text x="0" y="24" font-size="18" font-weight="600">CPU per request, microseconds (less is better)</text>
            {bars}</svg>

            """;
    }
}
