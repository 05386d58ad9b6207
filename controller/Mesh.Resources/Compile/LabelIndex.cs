namespace Mesh.Resources.Compile;

/// <summary>Workloads by namespace and label, so that a selector looks only at those with its rarest label.</summary>
internal sealed class LabelIndex
{
    private readonly Dictionary<(string Namespace, string Key, string Value), List<Resource>> byLabel = [];

    public LabelIndex(IEnumerable<Resource> workloads)
    {
        foreach (var workload in workloads)
        {
            foreach (var (key, value) in workload.Labels)
            {
                if (!byLabel.TryGetValue((workload.Namespace, key, value), out var list))
                    byLabel[(workload.Namespace, key, value)] = list = [];
                list.Add(workload);
            }
        }
    }

    /// <param name="selector">At least one label.</param>
    public IEnumerable<Resource> Matching(string space, IReadOnlyDictionary<string, string> selector)
    {
        var rarest = selector.Select(label => byLabel.GetValueOrDefault((space, label.Key, label.Value), [])).MinBy(list => list.Count)!;
        return rarest.Where(workload => selector.All(label => workload.Labels.GetValueOrDefault(label.Key) == label.Value));
    }
}
