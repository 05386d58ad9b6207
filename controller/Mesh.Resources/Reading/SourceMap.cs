namespace Mesh.Resources.Reading;

/// <summary>Lines at which the fields of a document stand.</summary>
/// <param name="File">As given by the user; "-" for standard input.</param>
/// <param name="Lines">1-based line of each field path.</param>
public sealed record SourceMap(string? File, IReadOnlyDictionary<string, int> Lines)
{
    /// <summary>Line of the field, or of the nearest field around it that is written in the document; 0 when there is none.</summary>
    public int LineOf(string path)
    {
        for (var at = path; ; at = at[..Math.Max(0, at.LastIndexOfAny(['.', '[']))])
        {
            if (Lines.TryGetValue(at, out var line))
                return line;

            if (at.Length == 0)
                return 0;
        }
    }
}
