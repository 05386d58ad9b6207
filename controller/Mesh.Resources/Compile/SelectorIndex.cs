using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

/// <summary>Services by one label of their selectors, so that a workload is held against those only that its labels lead to.</summary>
internal sealed class SelectorIndex
{
    private readonly Dictionary<(string Namespace, string Key, string Value), List<Resource>> byLabel = [];

    /// <param name="services">In order of their names.</param>
    public SelectorIndex(IEnumerable<Resource> services)
    {
        foreach (var service in services)
        {
            if (SelectorOf(service) is not { Count: > 0 } selector)
                continue;

            // A label that names the application leads to fewer services than one that names its tier; the longest value is a fair guess.
            var (key, value) = selector.MaxBy(label => label.Value.Length);
            if (!byLabel.TryGetValue((service.Namespace, key, value), out var list))
                byLabel[(service.Namespace, key, value)] = list = [];
            list.Add(service);
        }
    }

    /// <returns>In order of their names.</returns>
    public IReadOnlyList<Resource> Selecting(Resource workload) =>
    [
        .. workload.Labels.SelectMany(label => byLabel.GetValueOrDefault((workload.Namespace, label.Key, label.Value), []))
            .Where(service => Selects(service, workload)).OrderBy(service => service.Name, StringComparer.Ordinal),
    ];

    private static bool Selects(Resource service, Resource workload) => SelectorOf(service) is { Count: > 0 } selector
        && selector.All(label => workload.Labels.GetValueOrDefault(label.Key) == label.Value);

    private static Dictionary<string, string>? SelectorOf(Resource service) => service.SpecAs(SpecJson.Default.ServiceSpec).Selector;
}
