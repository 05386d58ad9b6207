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

    /// <summary>The content changed. Raised once per batch.</summary>
    public event Action<ResourceCache>? Changed;

    public IReadOnlyDictionary<string, CachedResource> OfType(string typeUrl) => types[typeUrl];

    /// <summary>Messages of one type, in no order.</summary>
    public IEnumerable<T> All<T>() where T : IMessage<T>, new() => types[UrlOf<T>()].Values.Select(static resource => (T)resource.Message);

    /// <summary>Takes what changed of one type.</summary>
    /// <param name="version">Of the whole configuration; null when more of this change follows.</param>
    /// <returns>What was not taken.</returns>
    internal List<Rejection> Apply(
        string typeUrl, IEnumerable<(string Name, string Version, ByteString Bytes)> changed, IEnumerable<string> removed, string? version)
    {
        var refused = new List<Rejection>();
        foreach (var (name, resourceVersion, bytes) in changed)
        {
            if (Refuse(typeUrl, name, resourceVersion, bytes) is { } rejection) refused.Add(rejection);
        }
        foreach (string name in removed)
        {
            types[typeUrl].Remove(name);
            rejected.Remove((typeUrl, name));
        }
        if (version is null) return refused;
        Version = version;
        whole.Add(typeUrl);
        if (IsComplete) Changed?.Invoke(this);
        return refused;
    }

    public IEnumerable<IMessage> AllMessages() => types.Values.SelectMany(static resources => resources.Values).Select(static resource => resource.Message);

    /// <summary>Replaces everything: for resource files and for the state on disk.</summary>
    /// <returns>What was not taken.</returns>
    public IReadOnlyList<Rejection> Replace(
        IEnumerable<(string TypeUrl, string Name, string Version, ByteString Bytes)> resources, string version)
    {
        var refused = new List<Rejection>();
        var byType = resources.ToLookup(static resource => resource.TypeUrl);
        foreach (var (typeUrl, known) in types)
        {
            var names = byType[typeUrl].Select(static resource => resource.Name).ToHashSet(StringComparer.Ordinal);
            foreach (string gone in known.Keys.Where(name => !names.Contains(name)).ToList()) known.Remove(gone);
            foreach (var (_, name, resourceVersion, bytes) in byType[typeUrl])
            {
                if (Refuse(typeUrl, name, resourceVersion, bytes) is { } rejection) refused.Add(rejection);
            }
            whole.Add(typeUrl);
        }
        Version = version;
        Changed?.Invoke(this);
        return refused;
    }

    private static string UrlOf<T>() where T : IMessage<T>, new() => ConfigTypes.UrlOf(new T().Descriptor);

    private Rejection? Refuse(string typeUrl, string name, string version, ByteString bytes)
    {
        string? reason;
        try
        {
            var message = ConfigTypes.Parse(typeUrl, bytes);
            reason = check(typeUrl, message);
            if (reason is null)
            {
                types[typeUrl][name] = new CachedResource(name, version, bytes, message);
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
