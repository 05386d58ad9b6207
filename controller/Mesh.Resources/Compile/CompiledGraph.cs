using System.Collections.Frozen;

namespace Mesh.Resources.Compile;

/// <summary>
/// Everything a node may subscribe to at one moment: type URL, then "namespace/name". Immutable, shared by all threads.
/// Every type of config.proto is present, possibly empty.
/// </summary>
public sealed class CompiledGraph
{
    private static readonly FrozenDictionary<string, CompiledResource> none = FrozenDictionary<string, CompiledResource>.Empty;

    /// <param name="types">Resources by type URL; types that are missing are empty.</param>
    public CompiledGraph(IReadOnlyDictionary<string, IReadOnlyDictionary<string, CompiledResource>> types) =>
        Types = TypeUrls.All.ToFrozenDictionary(url => url, url => types.GetValueOrDefault(url, none));

    public static CompiledGraph Empty { get; } = new(new Dictionary<string, IReadOnlyDictionary<string, CompiledResource>>());

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, CompiledResource>> Types { get; }

    /// <summary>Resources of one type; empty for a type that does not exist.</summary>
    public IReadOnlyDictionary<string, CompiledResource> OfType(string typeUrl) => Types.GetValueOrDefault(typeUrl, none);
}
