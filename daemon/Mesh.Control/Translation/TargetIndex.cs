using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>Policies by what they are attached to, so that a workload is held against those only that may concern it.</summary>
internal sealed class TargetIndex<T>
    where T : class
{
    private readonly Dictionary<string, (string Namespace, IReadOnlyList<Target> Targets)> known = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, T> everywhere = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, T>> byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, T>> byService = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, T>> byUid = new(StringComparer.Ordinal);

    /// <param name="value">Null: the policy is gone.</param>
    /// <param name="concerned">Gets the targets before and now.</param>
    public void Set(string name, string? policyNamespace, IReadOnlyList<Target>? targets, T? value, WorkloadScope concerned)
    {
        if (known.Remove(name, out var before))
        {
            foreach (var (index, key) in Places(before.Namespace, before.Targets, concerned)) Remove(index, key, name);
        }
        if (value is null) return;
        known.Add(name, (policyNamespace!, targets!));
        foreach (var (index, key) in Places(policyNamespace!, targets!, concerned)) Add(index, key, name, value);
    }

    /// <returns>In order of their names, each once.</returns>
    public IReadOnlyCollection<T> Candidates(Workload workload)
    {
        var found = new SortedDictionary<string, T>(StringComparer.Ordinal);
        if (known.Count == 0) return found.Values;
        Collect(found, everywhere);
        Collect(found, byNamespace.GetValueOrDefault(workload.Namespace));
        Collect(found, byUid.GetValueOrDefault($"{workload.Namespace}/{workload.Name}"));
        foreach (string service in workload.Services.Keys) Collect(found, byService.GetValueOrDefault(service));
        return found.Values;
    }

    private static void Collect(SortedDictionary<string, T> found, SortedDictionary<string, T>? from)
    {
        foreach (var (name, value) in from ?? []) found[name] = value;
    }

    private IEnumerable<(Dictionary<string, SortedDictionary<string, T>>? Index, string Key)> Places(
        string policyNamespace, IReadOnlyList<Target> targets, WorkloadScope concerned)
    {
        foreach (var target in targets)
        {
            concerned.Add(target, policyNamespace);
            yield return target.Service.Length > 0 ? (byService, target.Service)
                : target.Mesh ? (null, "")
                : target.Workload.Length > 0 ? (byUid, target.Workload)
                : (byNamespace, policyNamespace);
        }
    }

    private void Add(Dictionary<string, SortedDictionary<string, T>>? index, string key, string name, T value)
    {
        if (index is null)
        {
            everywhere[name] = value;
            return;
        }
        if (!index.TryGetValue(key, out var policies)) index.Add(key, policies = new(StringComparer.Ordinal));
        policies[name] = value;
    }

    private void Remove(Dictionary<string, SortedDictionary<string, T>>? index, string key, string name)
    {
        if (index is null) everywhere.Remove(name);
        else if (index.TryGetValue(key, out var policies) && policies.Remove(name) && policies.Count == 0) index.Remove(key);
    }
}
