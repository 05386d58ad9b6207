using Google.Protobuf.WellKnownTypes;
using Mesh.Control.Identity;
using Mesh.Control.Link;
using Mesh.Protocol.Config;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;

namespace Mesh.Control.Config;

/// <summary>Follows the controller: subscribes to every type, tells it what is known already, takes changes, acknowledges them or says
/// which resources were refused and why. On the control loop.</summary>
public sealed class ConfigClient(NodeIdentityConfig node, ResourceCache cache, ControlLog log) : ILinkUser
{
    /// <summary>The controller closes responses at a megabyte; a single resource may be larger.</summary>
    private static readonly GrpcLimits limits = new() { MaxMessageBytes = 16 * 1024 * 1024 };

    private const int MaxReasonLength = 400;

    public async Task RunAsync(IGrpcTransport controller, Action healthy)
    {
        await using var call = await GrpcClient.OpenAsync(controller, GrpcMethods.DeltaResources, limits: limits);
        foreach (string typeUrl in ConfigTypes.Urls) await call.WriteAsync(Subscription(typeUrl));
        while (await call.ReadAsync() is { } response)
        {
            await call.WriteAsync(Take(response));
            healthy();
        }
        throw new GrpcException(GrpcStatusCode.Unavailable, "the controller ended the configuration stream");
    }

    /// <summary>What is refused is not among the known versions: the controller sends it again, perhaps this meshd is newer.</summary>
    private DeltaDiscoveryRequest Subscription(string typeUrl)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = typeUrl, Node = new Node { Id = node.Node, Metadata = Metadata() } };
        foreach (var resource in cache.OfType(typeUrl).Values) request.InitialResourceVersions.Add(resource.Name, resource.Version);
        return request;
    }

    private Struct Metadata() => new()
    {
        Fields =
        {
            ["version"] = Value.ForString(node.Version),
            ["addresses"] = Value.ForList([.. node.Addresses.Select(static address => Value.ForString(address.ToString()))]),
        },
    };

    private DeltaDiscoveryRequest Take(DeltaDiscoveryResponse response)
    {
        var answer = new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce };
        if (!ConfigTypes.IsKnown(response.TypeUrl))
        {
            answer.ErrorDetail = new Status { Code = (int)GrpcStatusCode.InvalidArgument, Message = $"'{response.TypeUrl}' was not subscribed to" };
            return answer;
        }
        var refused = cache.Apply(
            response.TypeUrl,
            response.Resources.Select(static resource => (resource.Name, resource.Version, resource.Resource_?.Value ?? Google.Protobuf.ByteString.Empty)),
            response.RemovedResources,
            response.SystemVersionInfo.Length > 0 ? response.SystemVersionInfo : null);
        if (refused.Count > 0) answer.ErrorDetail = Nack(refused);
        return answer;
    }

    private Status Nack(List<Rejection> refused)
    {
        var status = new Status { Code = (int)GrpcStatusCode.InvalidArgument, Message = $"{refused.Count} of the resources cannot be enforced by this node" };
        foreach (var rejection in refused)
        {
            log.Warning(
                3030,
                $"{rejection.TypeUrl} {rejection.Name} at version {rejection.Version} is not taken, the last good one stays: {rejection.Reason}");
            string reason = rejection.Reason.Length <= MaxReasonLength ? rejection.Reason : rejection.Reason[..MaxReasonLength];
            status.Details.Add(Any.Pack(new RejectedResource { Name = rejection.Name, Version = rejection.Version, Reason = reason }));
        }
        return status;
    }
}
