using System.Text.Json.Nodes;

namespace Mesh.Ctl.Output;

/// <summary>Tables that the controller made.</summary>
internal static class TableOutput
{
    /// <param name="wide">Also the columns of lower priority.</param>
    /// <param name="withNamespace">A column for the namespace first.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(JsonObject table, bool wide, bool withNamespace, bool header)
    {
        var columns = (table["columnDefinitions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var shown = Enumerable.Range(0, columns.Count).Where(i => wide || columns[i]["priority"]?.ToString() == "0").ToList();
        List<IReadOnlyList<string>> rows = [];
        if (header)
            rows.Add([.. Lead(withNamespace, "NAMESPACE"), .. shown.Select(i => columns[i]["name"]!.ToString().ToUpperInvariant())]);

        foreach (var row in (table["rows"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var cells = row["cells"] as JsonArray ?? [];
            rows.Add([.. Lead(withNamespace, row["object"]?["metadata"]?["namespace"]?.ToString() ?? ""), .. shown.Select(i => cells.ElementAtOrDefault(i)?.ToString() ?? "")]);
        }

        return rows;
    }

    private static IEnumerable<string> Lead(bool shown, string text) => shown ? [text] : [];
}
