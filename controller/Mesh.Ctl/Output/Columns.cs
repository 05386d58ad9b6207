namespace Mesh.Ctl.Output;

/// <summary>Rows as aligned columns, as kubectl prints them.</summary>
internal static class Columns
{
    private const int gap = 3;

    public static void Print(TextWriter output, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
            return;

        var widths = Enumerable.Range(0, rows[0].Count).Select(column => rows.Max(row => row[column].Length) + gap).ToList();
        foreach (var row in rows)
            output.WriteLine(string.Concat(row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
