namespace Mesh.Compare.Results;

/// <summary>One candidate's values of one figure over all rounds.</summary>
internal readonly record struct Summary(double Median, double Least, double Most, int Count)
{
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static Summary Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        if (sorted.Count == 0) throw new ArgumentException("a summary needs a value", nameof(values));
        return new((sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2, sorted[0], sorted[^1], sorted.Count);
    }
}
