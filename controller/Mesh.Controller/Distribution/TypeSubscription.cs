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

    /// <summary>Names to look at before the client has everything, each once; not filled while everything is to be looked at.</summary>
    private readonly Queue<string> waiting = [];
    private readonly HashSet<string> isWaiting = new(StringComparer.Ordinal);

    /// <summary>Looked at, and gone from the graph: named at the end.</summary>
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private bool looksAtAll = true;
    private bool wildcard;
    private bool owesFirstAnswer = true;
    private ulong nonces;

    public string TypeUrl => typeUrl;

    /// <summary>The response that waits for its acknowledgement; null when there is none.</summary>
    public DeltaDiscoveryResponse? Outstanding { get; private set; }

    /// <summary>There may be something to send.</summary>
    public bool IsStale { get; private set; } = true;

    public int NameCount => names.Count;

    /// <param name="changed">Names that may differ from what was there before; null: any may.</param>
    public void MarkStale(IEnumerable<string>? changed)
    {
        if (changed is null) LookAtAll();
        else if (!looksAtAll) LookAt(changed);
    }

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
        LookAtAll();
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
        if (looksAtAll)
        {
            looksAtAll = false;
            LookAt((wildcard ? current.Keys : names).Where(name => IsNew(name, current)).Concat(told.Keys.Where(name => !current.ContainsKey(name))));
        }
        var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl };
        if (AddChanged(response, current))
        {
            // Removals go last, so that what replaces a resource is there before it goes.
            response.RemovedResources.AddRange(gone);
            foreach (string name in gone) told.Remove(name);
            gone.Clear();
            response.SystemVersionInfo = configVersion;
            IsStale = false;
        }
        if (response.Resources.Count + response.RemovedResources.Count == 0 && !owesFirstAnswer) return null;
        owesFirstAnswer = false;
        response.Nonce = (++nonces).ToString();
        Outstanding = response;
        return response;
    }

    private void LookAtAll()
    {
        (looksAtAll, IsStale) = (true, true);
        waiting.Clear();
        isWaiting.Clear();
        gone.Clear();
    }

    private void LookAt(IEnumerable<string> changed)
    {
        foreach (string name in changed)
        {
            IsStale = true;
            if (isWaiting.Add(name)) waiting.Enqueue(name);
        }
    }

    private bool IsNew(string name, IReadOnlyDictionary<string, CompiledResource> current) =>
        current.TryGetValue(name, out var resource) && (!told.TryGetValue(name, out string? version) || version != resource.Version);

    /// <returns>False when the response is full before everything was added.</returns>
    private bool AddChanged(DeltaDiscoveryResponse response, IReadOnlyDictionary<string, CompiledResource> current)
    {
        for (int bytes = 0; waiting.TryPeek(out string? name); isWaiting.Remove(waiting.Dequeue()))
        {
            gone.Remove(name);
            if (!current.TryGetValue(name, out var resource))
            {
                if (told.ContainsKey(name)) gone.Add(name);
                continue;
            }
            if ((!wildcard && !names.Contains(name)) || !IsNew(name, current)) continue;
            if (bytes >= limits.ResponseBytes) return false;
            bytes += resource.Bytes.Length + resource.Name.Length;
            told[name] = resource.Version;
            response.Resources.Add(new Resource
            {
                Name = resource.Name,
                Version = resource.Version,
                Resource_ = new Google.Protobuf.WellKnownTypes.Any { TypeUrl = typeUrl, Value = resource.Bytes },
            });
        }
        return true;
    }

    private void ForgetUnsubscribed()
    {
        foreach (string name in told.Keys.Where(name => !names.Contains(name)).ToList()) told.Remove(name);
    }
}
