using System.Collections.Frozen;

namespace Mesh.Resources.Compile;

/// <summary>
/// Everything a node may subscribe to at one moment: type URL, then "namespace/name". Immutable, shared by all threads.
/// Every type of config.proto is present, possibly empty.
/// </summary>
public sealed class CompiledGraph
{
    /// <summary>Graphs that are remembered for <see cref="ChangedSince"/>; they share all but what changed. A reader that is further behind compares.</summary>
    private const int MaxSteps = 64;

    private static readonly FrozenDictionary<string, CompiledResource> none = FrozenDictionary<string, CompiledResource>.Empty;

    private readonly CompiledGraph? previous;
    private readonly IReadOnlyCollection<(string TypeUrl, string Name)> changed = [];
    private readonly int steps;

    /// <param name="types">Resources by type URL; types that are missing are empty.</param>
    public CompiledGraph(IReadOnlyDictionary<string, IReadOnlyDictionary<string, CompiledResource>> types) =>
        Types = TypeUrls.All.ToFrozenDictionary(url => url, url => types.GetValueOrDefault(url, none));

    /// <param name="previous">The graph that this one was made from.</param>
    /// <param name="changed">Every resource that differs from it: new, other, or gone.</param>
    internal CompiledGraph(
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, CompiledResource>> types,
        CompiledGraph previous,
        IReadOnlyCollection<(string TypeUrl, string Name)> changed)
        : this(types)
    {
        if (previous.steps < MaxSteps)
            (this.previous, this.changed, steps) = (previous, changed, previous.steps + 1);
    }

    public static CompiledGraph Empty { get; } = new(new Dictionary<string, IReadOnlyDictionary<string, CompiledResource>>());

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, CompiledResource>> Types { get; }

    /// <summary>Resources of one type; empty for a type that does not exist.</summary>
    public IReadOnlyDictionary<string, CompiledResource> OfType(string typeUrl) => Types.GetValueOrDefault(typeUrl, none);

    /// <summary>Names of all resources that may differ from an older graph: at the cost of what changed where the way from there is known, otherwise
    /// of comparing all.</summary>
    public IReadOnlySet<(string TypeUrl, string Name)> ChangedSince(CompiledGraph older)
    {
        HashSet<(string, string)> result = [];
        for (var step = this; step is not null; step = step.previous)
        {
            if (ReferenceEquals(step, older))
                return result;
            result.UnionWith(step.changed);
        }

        return Compare(older);
    }

    private HashSet<(string, string)> Compare(CompiledGraph older)
    {
        HashSet<(string, string)> result = [];
        foreach (var (url, now) in Types)
        {
            var before = older.OfType(url);
            if (ReferenceEquals(before, now))
                continue;
            result.UnionWith(now.Values.Where(resource => before.GetValueOrDefault(resource.Name)?.Version != resource.Version).Select(resource => (url, resource.Name)));
            result.UnionWith(before.Keys.Where(name => !now.ContainsKey(name)).Select(name => (url, name)));
        }

        return result;
    }
}
