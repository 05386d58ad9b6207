using System.Globalization;

namespace Mesh.Soak.Accounts;

/// <summary>One scrape.</summary>
internal sealed class Metrics
{
    private readonly List<(string Series, double Value)> series = [];

    public static Metrics Parse(string text)
    {
        var metrics = new Metrics();
        foreach (string line in text.Split('\n'))
        {
            int space = line.LastIndexOf(' ');
            if (space > 0 && line[0] != '#') metrics.series.Add((line[..space], double.Parse(line[(space + 1)..], CultureInfo.InvariantCulture)));
        }
        return metrics;
    }

    public double Sum(string name, params string[] labels) => Of(name, labels).Sum(static entry => entry.Value);

    /// <summary>Series that are not zero, as text.</summary>
    public IEnumerable<string> NotZero(string name, params string[] labels) =>
        Of(name, labels).Where(static entry => entry.Value != 0).Select(static entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Series} {entry.Value}"));

    private IEnumerable<(string Series, double Value)> Of(string name, string[] labels) => series.Where(entry =>
        entry.Series.StartsWith(name, StringComparison.Ordinal) && (entry.Series.Length == name.Length || entry.Series[name.Length] == '{')
        && labels.All(label => entry.Series.Contains(label, StringComparison.Ordinal)));
}
