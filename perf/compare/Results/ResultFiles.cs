using System.Text.Json.Nodes;

namespace Mesh.Compare.Results;

/// <summary>latest.json for programs, latest.md for people, latest.svg to look at.</summary>
internal static class ResultFiles
{
    public static async Task WriteAsync(string folder, string conditions, IReadOnlyList<Samples> measured)
    {
        Directory.CreateDirectory(folder);
        var rows = measured.SelectMany(samples => samples.Rows()).ToList();
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.json"), Json(conditions, measured) + "\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.md"), Markdown(conditions, measured));
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.svg"), Chart.Draw(rows));
    }

    public static string Markdown(string conditions, IReadOnlyList<Samples> measured) =>
        $"{conditions}\n\n{MarkdownTable.Format([.. measured.SelectMany(samples => samples.Rows())])}{string.Concat(measured.SelectMany(samples => samples.Notes.Select(note => $"- {samples.Scenario}: {note}\n")))}";

    private static string Json(string conditions, IReadOnlyList<Samples> measured) => new JsonObject
    {
        ["conditions"] = conditions,
        ["rows"] = new JsonArray([.. measured.SelectMany(samples => samples.Rows()).Select(ToJson)]),
        ["notes"] = new JsonArray([.. measured.SelectMany(samples => samples.Notes.Select(note => JsonValue.Create($"{samples.Scenario}: {note}")))]),
    }.ToJsonString(new() { WriteIndented = true });

    private static JsonObject ToJson(Row row)
    {
        var candidates = new JsonObject();
        foreach (var (name, summary) in row.Candidates)
        {
            candidates[name] = new JsonObject
            {
                ["median"] = Rounded(summary.Median),
                ["least"] = Rounded(summary.Least),
                ["most"] = Rounded(summary.Most),
                ["rounds"] = summary.Count,
            };
        }
        return new JsonObject
        {
            ["scenario"] = row.Scenario,
            ["title"] = row.Title,
            ["unit"] = row.Figure.Unit,
            ["candidates"] = candidates,
            ["ratio"] = Rounded(row.Ratio),
            ["target"] = row.Target is { } target ? new JsonObject { [target.IsRatio ? "ratio" : "value"] = target.Limit } : null,
            ["met"] = row.IsMet,
        };
    }

    private static JsonNode? Rounded(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;
}
