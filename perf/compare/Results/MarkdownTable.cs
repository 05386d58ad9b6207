using System.Globalization;
using System.Text;

namespace Mesh.Compare.Results;

internal static class MarkdownTable
{
    public static string Format(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder("| scenario | unit | meshd | nginx | haproxy | meshd to the better |\n|---|---|---:|---:|---:|---:|\n");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Scenario}: {row.Title} | {row.Unit} | {Number(row.Meshd)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {Peer(row, "nginx")} | {Peer(row, "haproxy")} | {(row.Ratio is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "-")} |\n");
        }
        return text.ToString();
    }

    private static string Peer(Row row, string name) => Number(row.Peers.TryGetValue(name, out double value) ? value : null);

    private static string Number(double? value) => value is { } number ? number.ToString(number < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) : "-";
}
