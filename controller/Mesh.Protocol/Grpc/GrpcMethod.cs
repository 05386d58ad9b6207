using Google.Protobuf;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Identity;

namespace Mesh.Protocol.Grpc;

/// <summary>A method as both sides know it.</summary>
/// <param name="Path">"/package.Service/Method".</param>
public sealed record GrpcMethod<TRequest, TResponse>(string Path, MessageParser<TRequest> Requests, MessageParser<TResponse> Responses)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>;

/// <summary>The methods that the services of the .proto files declare in their comments.</summary>
public static class GrpcMethods
{
    private const string NodeService = "/mesh.identity.v1.NodeService/";

    public static readonly GrpcMethod<JoinRequest, JoinResponse> Join = new(NodeService + "Join", JoinRequest.Parser, JoinResponse.Parser);

    public static readonly GrpcMethod<SignRequest, SignResponse> SignCertificate =
        new(NodeService + "SignCertificate", SignRequest.Parser, SignResponse.Parser);

    public static readonly GrpcMethod<TrustRootsRequest, TrustRootsResponse> TrustRoots =
        new(NodeService + "TrustRoots", TrustRootsRequest.Parser, TrustRootsResponse.Parser);

    public static readonly GrpcMethod<WorkloadReport, WorkloadReportAck> ReportWorkloads =
        new(NodeService + "ReportWorkloads", WorkloadReport.Parser, WorkloadReportAck.Parser);

    public static readonly GrpcMethod<DeltaDiscoveryRequest, DeltaDiscoveryResponse> DeltaResources = new(
        "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
        DeltaDiscoveryRequest.Parser,
        DeltaDiscoveryResponse.Parser);
}
