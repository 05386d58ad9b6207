using Google.Protobuf.Reflection;

namespace Mesh.Resources.Compile;

/// <summary>Names under which the messages of config.proto travel: "type.mesh.internal/" and the message's full name.</summary>
public static class TypeUrls
{
    public static readonly string Workload = Of(Protocol.Config.Workload.Descriptor);
    public static readonly string Service = Of(Protocol.Config.Service.Descriptor);
    public static readonly string HttpRoute = Of(Protocol.Config.HttpRoute.Descriptor);
    public static readonly string GrpcRoute = Of(Protocol.Config.GrpcRoute.Descriptor);
    public static readonly string TcpRoute = Of(Protocol.Config.TcpRoute.Descriptor);
    public static readonly string TlsRoute = Of(Protocol.Config.TlsRoute.Descriptor);
    public static readonly string Gateway = Of(Protocol.Config.Gateway.Descriptor);
    public static readonly string AccessPolicy = Of(Protocol.Config.AccessPolicy.Descriptor);
    public static readonly string MtlsPolicy = Of(Protocol.Config.MtlsPolicy.Descriptor);
    public static readonly string TrafficPolicy = Of(Protocol.Config.TrafficPolicy.Descriptor);
    public static readonly string TelemetryPolicy = Of(Protocol.Config.TelemetryPolicy.Descriptor);

    public static IReadOnlyList<string> All { get; } =
        [Workload, Service, HttpRoute, GrpcRoute, TcpRoute, TlsRoute, Gateway, AccessPolicy, MtlsPolicy, TrafficPolicy, TelemetryPolicy];

    private static string Of(MessageDescriptor descriptor) => "type.mesh.internal/" + descriptor.FullName;
}
