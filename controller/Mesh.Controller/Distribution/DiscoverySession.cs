using Mesh.Protocol.Config;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;
using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>One node's discovery stream as a state machine: requests and graphs go in, responses come out. At most one response per
/// type is outstanding; what changes meanwhile is merged and computed from the newest graph at the acknowledgement, so a slow node
/// costs one response per type and nothing more. No I/O, no time, not thread-safe.</summary>
internal sealed class DiscoverySession(PushedGraph graph, DiscoveryLimits limits)
{
    // Policies before what they protect, so that a new workload is never open before its policy is there.
    private static readonly string[] order =
    [
        TypeUrls.MtlsPolicy, TypeUrls.AccessPolicy, TypeUrls.TrafficPolicy, TypeUrls.TelemetryPolicy, TypeUrls.Workload, TypeUrls.Service,
        TypeUrls.HttpRoute, TypeUrls.GrpcRoute, TypeUrls.TcpRoute, TypeUrls.TlsRoute, TypeUrls.Gateway,
    ];

    private readonly List<TypeSubscription> types = [];
    private readonly Dictionary<(string TypeUrl, string Name), RejectedConfig> rejected = [];
    private PushedGraph graph = graph;

    /// <summary>The version that the node has completely, rejected resources apart; null until the first.</summary>
    public string? AppliedVersion { get; private set; }

    public IReadOnlyCollection<RejectedConfig> Rejected => rejected.Values;

    /// <summary>Rejections received over the life of the stream.</summary>
    public long RejectionCount { get; private set; }

    /// <exception cref="GrpcException">The request breaks the protocol or a limit; the stream ends with it.</exception>
    public void Receive(DeltaDiscoveryRequest request)
    {
        if (request.TypeUrl.Length == 0) throw new GrpcException(GrpcStatusCode.InvalidArgument, "a discovery request has no type_url");
        var type = types.Find(known => known.TypeUrl == request.TypeUrl);
        if (type is null)
        {
            Add(request);
            return;
        }
        Settle(type, request);
        type.Change(request);
        if (types.Sum(static known => known.NameCount) > limits.Names)
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"more than {limits.Names} names subscribed");
        UpdateAppliedVersion();
    }

    public void Update(PushedGraph newer)
    {
        foreach (var type in types)
        {
            type.MarkStale(newer.ChangedSince(graph, type.TypeUrl));
        }
        graph = newer;
        UpdateAppliedVersion();
    }

    /// <summary>The next response to send, null when there is none now.</summary>
    public DeltaDiscoveryResponse? Next()
    {
        foreach (var type in types)
        {
            if (type.Outstanding is not null || !type.IsStale) continue;
            var response = type.Next(graph.Graph.OfType(type.TypeUrl), graph.Version);
            if (response is not null) return response;
        }
        UpdateAppliedVersion();
        return null;
    }

    private void Add(DeltaDiscoveryRequest request)
    {
        if (types.Count >= limits.Types)
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"more than {limits.Types} types subscribed");
        var type = new TypeSubscription(request.TypeUrl, limits);
        type.Start(request);
        types.Add(type);
        types.Sort(static (a, b) => Rank(a).CompareTo(Rank(b)));
    }

    private static int Rank(TypeSubscription type)
    {
        int index = Array.IndexOf(order, type.TypeUrl);
        return index < 0 ? order.Length : index;
    }

    // A nonce that is not waited for is old: its acknowledgement says nothing, its subscription changes still count (xDS).
    private void Settle(TypeSubscription type, DeltaDiscoveryRequest request)
    {
        var response = type.Outstanding;
        if (request.ResponseNonce.Length == 0 || !type.Acknowledge(request.ResponseNonce)) return;
        foreach (var resource in response!.Resources) rejected.Remove((type.TypeUrl, resource.Name));
        foreach (string name in response.RemovedResources) rejected.Remove((type.TypeUrl, name));
        if (request.ErrorDetail is { } error) Reject(type.TypeUrl, response, error);
    }

    private void Reject(string typeUrl, DeltaDiscoveryResponse response, Status error)
    {
        var details = error.Details.Where(static any => any.Is(RejectedResource.Descriptor)).Select(static any => any.Unpack<RejectedResource>());
        var reasons = details.DistinctBy(static detail => detail.Name).ToDictionary(static detail => detail.Name, static detail => detail.Reason);
        foreach (var resource in response.Resources)
        {
            // Without details, as from a foreign client, the whole response is rejected.
            string? reason = reasons.Count == 0 ? error.Message : reasons.GetValueOrDefault(resource.Name);
            if (reason is null) continue;
            RejectionCount++;
            if (rejected.Count >= limits.Rejections) continue;
            if (reason.Length > limits.ReasonLength) reason = reason[..limits.ReasonLength] + "…";
            rejected[(typeUrl, resource.Name)] = new RejectedConfig(typeUrl, resource.Name, resource.Version, reason);
        }
    }

    private void UpdateAppliedVersion()
    {
        if (types.Count > 0 && types.TrueForAll(static type => !type.IsStale && type.Outstanding is null)) AppliedVersion = graph.Version;
    }
}
