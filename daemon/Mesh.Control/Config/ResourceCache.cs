using Google.Protobuf;
using Mesh.Protocol.Config;

namespace Mesh.Control.Config;

/// <summary>The configuration in force: type URL, then name. Filled by the discovery stream, by the last good state on disk, or by
/// resource files. On the control loop.</summary>
public sealed class ResourceCache
{
    private readonly ResourceCheck check;
    private readonly Dictionary<string, Dictionary<string, CachedResource>> types = ConfigTypes.Urls.ToDictionary(
        static url => url, static _ => new Dictionary<string, CachedResource>(StringComparer.Ordinal));
    private readonly HashSet<string> whole = [];
    private readonly Dictionary<(string TypeUrl, string Name), Rejection> rejected = [];
    private List<ConfigChange> unannounced = [];

    public ResourceCache(ResourceCheck check) => this.check = check;

    /// <summary>Of the newest complete configuration; null before the first.</summary>
    public string? Version { get; private set; }

    /// <summary>Every type has been received completely once, so that nothing that is missing is missing by accident: until then
    /// <see cref="Changed"/> is silent and nothing may be served.</summary>
    public bool IsComplete => whole.Count == types.Count;

    /// <summary>Resources that are refused now.</summary>
    public IReadOnlyCollection<Rejection> Rejected => rejected.Values;

    /// <summary>Rejections since the start: mesh_config_rejected_total.</summary>
    public long RejectionCount { get; private set; }

    /// <summary>What has changed since the last time; raised once per batch, the first time with everything. Empty when only the version is new.</summary>
    public event Action<IReadOnlyList<ConfigChange>>? Changed;

    public IReadOnlyDictionary<string, CachedResource> OfType(string typeUrl) => types[typeUrl];

    /// <summary>All resources, in no order.</summary>
    public IEnumerable<CachedResource> Resources => types.Values.SelectMany(static resources => resources.Values);

    /// <summary>Takes what changed of one type.</summary>
    /// <param name="version">Of the whole configuration; null when more of this change follows.</param>
    /// <returns>What was not taken.</returns>
    internal List<Rejection> Apply(
        string typeUrl, IEnumerable<(string Name, string Version, ByteString Bytes)> changed, IEnumerable<string> removed, string? version)
    {
        var refused = new List<Rejection>();
        typeUrl = string.Intern(typeUrl); // every response brings its own copy
        foreach (var (name, resourceVersion, bytes) in changed)
        {
            if (Refuse(typeUrl, name, resourceVersion, bytes) is { } rejection) refused.Add(rejection);
        }
        foreach (string name in removed) Remove(typeUrl, name);
        if (version is null) return refused;
        Version = version;
        whole.Add(typeUrl);
        if (IsComplete) Announce();
        return refused;
    }

    /// <summary>Replaces everything: for resource files and for the state on disk. What has the version that is in force already is not looked at.</summary>
    /// <returns>What was not taken.</returns>
    public IReadOnlyList<Rejection> Replace(
        IEnumerable<(string TypeUrl, string Name, string Version, ByteString Bytes)> resources, string version)
    {
        var refused = new List<Rejection>();
        var byType = resources.ToLookup(static resource => resource.TypeUrl);
        foreach (var (typeUrl, known) in types)
        {
            var names = byType[typeUrl].Select(static resource => resource.Name).ToHashSet(StringComparer.Ordinal);
            foreach (string gone in known.Keys.Where(name => !names.Contains(name)).ToList()) Remove(typeUrl, gone);
            foreach (var (_, name, resourceVersion, bytes) in byType[typeUrl])
            {
                if (known.TryGetValue(name, out var same) && same.Version == resourceVersion) rejected.Remove((typeUrl, name));
                else if (Refuse(typeUrl, name, resourceVersion, bytes) is { } rejection) refused.Add(rejection);
            }
            whole.Add(typeUrl);
        }
        Version = version;
        Announce();
        return refused;
    }

    private void Announce()
    {
        var changes = unannounced;
        unannounced = [];
        Changed?.Invoke(changes);
    }

    private void Remove(string typeUrl, string name)
    {
        rejected.Remove((typeUrl, name));
        if (types[typeUrl].Remove(name)) unannounced.Add(new ConfigChange(typeUrl, name, null));
    }

    private Rejection? Refuse(string typeUrl, string name, string version, ByteString bytes)
    {
        string? reason;
        try
        {
            reason = check(typeUrl, name, ConfigTypes.Parse(typeUrl, bytes));
            if (reason is null)
            {
                var resource = new CachedResource(typeUrl, name, version, bytes);
                types[typeUrl][name] = resource;
                unannounced.Add(new ConfigChange(typeUrl, name, resource));
                rejected.Remove((typeUrl, name));
                return null;
            }
        }
        catch (InvalidProtocolBufferException error)
        {
            reason = $"it cannot be decoded: {error.Message}";
        }
        RejectionCount++;
        return rejected[(typeUrl, name)] = new Rejection(typeUrl, name, version, reason);
    }
}
