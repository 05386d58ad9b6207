namespace Mesh.Compare.Results;

/// <summary>Everything that was measured in one scenario.</summary>
internal sealed class Samples(string scenario, string title, IReadOnlyList<Target> targets)
{
    private readonly Dictionary<(Figure Figure, string Candidate), List<double>> values = [];
    private readonly List<Figure> order = [];

    /// <summary>Facts a reader of the rows must know.</summary>
    public List<string> Notes { get; } = [];

    public string Scenario => scenario;

    public void Add(Figure figure, string candidate, double value)
    {
        if (!order.Contains(figure)) order.Add(figure);
        if (!values.TryGetValue((figure, candidate), out var list)) values.Add((figure, candidate), list = []);
        list.Add(value);
    }

    /// <summary>One row a figure, in the order in which figures first came, then the targets that nothing was measured for.</summary>
    public IEnumerable<Row> Rows() => order.Concat(targets.Select(target => target.Figure).Except(order)).Select(figure => new Row(
        scenario, title, figure,
        values.Where(item => item.Key.Figure == figure).ToDictionary(item => item.Key.Candidate, item => Summary.Of(item.Value)),
        targets.FirstOrDefault(target => target.Figure == figure)));
}
