using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>A table whose keys several models may claim. Two owners of one address is a conflict that the controller reports; here the first
/// by name keeps it, on every node alike, and the next gets it when the first goes.</summary>
internal sealed class OwnedTable<TKey, TModel>(Func<TModel, string> nameOf)
    where TKey : notnull, IEquatable<TKey>
    where TModel : class
{
    private readonly Table<TKey, TModel>.Builder table = new(Table<TKey, TModel>.Empty);

    /// <summary>Keys with more than one owner, and all of these.</summary>
    private readonly Dictionary<TKey, SortedDictionary<string, TModel>> contested = [];

    /// <summary>A model that is new, changed (of the same name) or gone.</summary>
    public void Replace(TModel? before, TModel? after, Func<TModel, IEnumerable<TKey>> keysOf)
    {
        var keys = after is null ? [] : keysOf(after).ToList();
        if (before is not null)
        {
            foreach (var key in keysOf(before).Distinct())
            {
                if (!keys.Contains(key)) Remove(key, nameOf(before));
            }
        }
        foreach (var key in keys) Set(key, after!);
    }

    public Table<TKey, TModel> ToTable() => table.ToTable();

    private void Set(TKey key, TModel model)
    {
        string name = nameOf(model);
        if (!contested.TryGetValue(key, out var owners))
        {
            if (table.GetValueOrDefault(key) is not { } holder || nameOf(holder) == name)
            {
                table.Set(key, model);
                return;
            }
            contested.Add(key, owners = new(StringComparer.Ordinal) { [nameOf(holder)] = holder });
        }
        owners[name] = model;
        table.Set(key, owners.First().Value);
    }

    private void Remove(TKey key, string name)
    {
        if (!contested.TryGetValue(key, out var owners))
        {
            table.Remove(key);
            return;
        }
        owners.Remove(name);
        table.Set(key, owners.First().Value);
        if (owners.Count == 1) contested.Remove(key);
    }
}
