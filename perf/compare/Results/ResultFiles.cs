using System.Text.Json.Nodes;

namespace Mesh.Compare.Results;

/// <summary>latest.json for programs, latest.md for people, latest.svg to look at.</summary>
internal static class ResultFiles
{
    public static async Task WriteAsync(string folder, IReadOnlyList<Row> rows)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.json"), Json(rows) + "\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.md"), MarkdownTable.Format(rows));
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.svg"), Chart.Draw([.. rows.Where(row => row.Unit == "cpu_us_per_request")]));
    }

    private static string Json(IReadOnlyList<Row> rows)
    {
        var array = new JsonArray();
        foreach (var row in rows)
        {
            var peers = new JsonObject();
            foreach (var (name, value) in row.Peers) peers[name] = Rounded(value);
            array.Add(new JsonObject
            {
                ["scenario"] = row.Scenario,
                ["title"] = row.Title,
                ["unit"] = row.Unit,
                ["meshd"] = Rounded(row.Meshd),
                ["peers"] = peers,
                ["ratio"] = Rounded(row.Ratio),
                ["target"] = null,
            });
        }
        return new JsonObject { ["rows"] = array }.ToJsonString(new() { WriteIndented = true });
    }

    private static JsonNode? Rounded(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;
}
