using System.Collections.Immutable;

namespace Mesh.Resources;

/// <summary>An immutable set of resources: the state of a store, or the content of files. Enumerates in order of namespace and name.</summary>
public sealed class ResourceSet
{
    private readonly ImmutableDictionary<string, ImmutableSortedDictionary<ResourceKey, Resource>> kinds;

    private ResourceSet(ImmutableDictionary<string, ImmutableSortedDictionary<ResourceKey, Resource>> kinds) => this.kinds = kinds;

    public static ResourceSet Empty { get; } = new(ImmutableDictionary<string, ImmutableSortedDictionary<ResourceKey, Resource>>.Empty);

    public static ResourceSet Of(IEnumerable<Resource> resources) => new(resources.GroupBy(resource => resource.Key.Kind)
        .ToImmutableDictionary(group => group.Key, group => group.ToImmutableSortedDictionary(resource => resource.Key, resource => resource, ByPath.Instance)));

    public IEnumerable<Resource> OfKind(string kind) => kinds.TryGetValue(kind, out var found) ? found.Values : [];

    public Resource? Find(ResourceKey key) => kinds.TryGetValue(key.Kind, out var found) ? found.GetValueOrDefault(key) : null;

    public bool HasKind(string kind) => kinds.TryGetValue(kind, out var found) && !found.IsEmpty;

    public IEnumerable<Resource> All => kinds.OrderBy(kind => kind.Key, StringComparer.Ordinal).SelectMany(kind => kind.Value.Values);

    public ResourceSet With(Resource resource) =>
        new(kinds.SetItem(resource.Key.Kind, KindOf(resource.Key.Kind).SetItem(resource.Key, resource)));

    public ResourceSet Without(ResourceKey key) => new(kinds.SetItem(key.Kind, KindOf(key.Kind).Remove(key)));

    private ImmutableSortedDictionary<ResourceKey, Resource> KindOf(string kind) =>
        kinds.GetValueOrDefault(kind) ?? ImmutableSortedDictionary.Create<ResourceKey, Resource>(ByPath.Instance);

    /// <summary>Kind is the same within a dictionary.</summary>
    private sealed class ByPath : IComparer<ResourceKey>
    {
        public static readonly ByPath Instance = new();

        public int Compare(ResourceKey left, ResourceKey right) =>
            string.CompareOrdinal(left.Namespace, right.Namespace) is var space and not 0 ? space : string.CompareOrdinal(left.Name, right.Name);
    }
}
