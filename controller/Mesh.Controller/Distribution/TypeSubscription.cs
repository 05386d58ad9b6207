using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;
using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>What one stream wants and has of one type: the arithmetic of delta discovery. No I/O, no time.</summary>
internal sealed class TypeSubscription(string typeUrl, DiscoveryLimits limits)
{
    private const string Wildcard = "*";

    // The version "" stands for "not told yet": it differs from every real one.
    private const string NotTold = "";

    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> told = new(StringComparer.Ordinal);
    private bool wildcard;
    private bool owesFirstAnswer = true;
    private ulong nonces;

    public string TypeUrl => typeUrl;

    /// <summary>The response that waits for its acknowledgement; null when there is none.</summary>
    public DeltaDiscoveryResponse? Outstanding { get; private set; }

    /// <summary>There may be something to send.</summary>
    public bool IsStale { get; private set; } = true;

    public int NameCount => names.Count;

    public void MarkStale() => IsStale = true;

    /// <summary>The first request of the type on this stream: empty subscription means everything (xDS, "wildcard mode").</summary>
    public void Start(DeltaDiscoveryRequest request)
    {
        wildcard = request.ResourceNamesSubscribe.Count == 0;
        foreach (var (name, version) in request.InitialResourceVersions) told[name] = version;
        Change(request);
    }

    public void Change(DeltaDiscoveryRequest request)
    {
        foreach (string name in request.ResourceNamesSubscribe)
        {
            if (name == Wildcard) wildcard = true;
            else if (names.Add(name)) told.TryAdd(name, NotTold);
            else told[name] = NotTold; // asked again: the client has dropped it
        }
        if (names.Count > limits.Names)
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"more than {limits.Names} names subscribed for {typeUrl}");
        foreach (string name in request.ResourceNamesUnsubscribe)
        {
            if (name == Wildcard) wildcard = false;
            else names.Remove(name);
        }
        if (request.ResourceNamesSubscribe.Count + request.ResourceNamesUnsubscribe.Count == 0) return;
        if (!wildcard) ForgetUnsubscribed();
        IsStale = true;
    }

    /// <summary>Ends the wait for the outstanding response; true when that nonce was waited for.</summary>
    public bool Acknowledge(string nonce)
    {
        if (Outstanding is null || Outstanding.Nonce != nonce) return false;
        Outstanding = null;
        return true;
    }

    /// <summary>The next response, or null when the client has everything. Only while none is outstanding.</summary>
    public DeltaDiscoveryResponse? Next(IReadOnlyDictionary<string, CompiledResource> current, string configVersion)
    {
        var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl };
        bool whole = wildcard ? AddChanged(response, current.Values) : AddChanged(response, Subscribed(current));
        if (whole)
        {
            // Removals go last, so that what replaces a resource is there before it goes.
            AddRemoved(response, current);
            response.SystemVersionInfo = configVersion;
            IsStale = false;
        }
        if (response.Resources.Count + response.RemovedResources.Count == 0 && !owesFirstAnswer) return null;
        owesFirstAnswer = false;
        response.Nonce = (++nonces).ToString();
        Outstanding = response;
        return response;
    }

    private IEnumerable<CompiledResource> Subscribed(IReadOnlyDictionary<string, CompiledResource> current)
    {
        foreach (string name in names)
        {
            if (current.TryGetValue(name, out var resource)) yield return resource;
        }
    }

    /// <returns>False when the response is full before everything was added.</returns>
    private bool AddChanged(DeltaDiscoveryResponse response, IEnumerable<CompiledResource> resources)
    {
        int bytes = 0;
        foreach (var resource in resources)
        {
            if (told.TryGetValue(resource.Name, out string? version) && version == resource.Version) continue;
            if (bytes >= limits.ResponseBytes) return false;
            bytes += resource.Bytes.Length + resource.Name.Length;
            told[resource.Name] = resource.Version;
            response.Resources.Add(new Resource
            {
                Name = resource.Name,
                Version = resource.Version,
                Resource_ = new Google.Protobuf.WellKnownTypes.Any { TypeUrl = typeUrl, Value = resource.Bytes },
            });
        }
        return true;
    }

    private void AddRemoved(DeltaDiscoveryResponse response, IReadOnlyDictionary<string, CompiledResource> current)
    {
        foreach (string name in told.Keys)
        {
            if (!current.ContainsKey(name)) response.RemovedResources.Add(name);
        }
        foreach (string name in response.RemovedResources) told.Remove(name);
    }

    private void ForgetUnsubscribed()
    {
        foreach (string name in told.Keys.Where(name => !names.Contains(name)).ToList()) told.Remove(name);
    }
}
