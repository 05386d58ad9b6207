using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>Routes by the service or gateway they name as parent.</summary>
internal sealed class ParentIndex<T>
    where T : class
{
    private readonly Dictionary<string, IReadOnlyList<ParentRef>> known = new(StringComparer.Ordinal);
    private readonly Dictionary<(ParentRef.Types.Kind, string), SortedDictionary<string, T>> byParent = [];

    /// <param name="route">Null: it is gone.</param>
    /// <returns>Its parents before and now.</returns>
    public IEnumerable<ParentRef> Set(string name, T? route, IReadOnlyList<ParentRef>? parents)
    {
        known.Remove(name, out var before);
        foreach (var parent in before ?? [])
        {
            if (byParent.TryGetValue((parent.Kind, parent.Name), out var routes) && routes.Remove(name) && routes.Count == 0)
                byParent.Remove((parent.Kind, parent.Name));
        }
        if (route is null) return before ?? [];
        known.Add(name, parents!);
        foreach (var parent in parents!)
        {
            if (!byParent.TryGetValue((parent.Kind, parent.Name), out var routes))
                byParent.Add((parent.Kind, parent.Name), routes = new(StringComparer.Ordinal));
            routes[name] = route;
        }
        return (before ?? []).Concat(parents);
    }

    /// <returns>In order of their names.</returns>
    public IEnumerable<T> Of(ParentRef.Types.Kind kind, string name) =>
        byParent.TryGetValue((kind, name), out var routes) ? routes.Values : [];
}
