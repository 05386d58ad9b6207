using Mesh.Resources.Schema;

namespace Mesh.Resources.Kinds;

/// <summary>Every kind there is. A kind that is not here is unknown: it is rejected, never stored and ignored.</summary>
public static class KindCatalog
{
    public static IReadOnlyList<KindSchema> All { get; } =
    [
        NamespaceKind.Schema, ServiceKind.Schema,
        GatewayKind.Schema, HttpRouteKind.Schema, GrpcRouteKind.Schema, TcpRouteKind.Schema, TlsRouteKind.Schema, ReferenceGrantKind.Schema,
        NodeKind.Schema, WorkloadKind.Schema, TrafficPolicyKind.Schema, MtlsPolicyKind.Schema, AccessPolicyKind.Schema,
        TelemetryPolicyKind.Schema,
    ];

    public static KindSchema? Find(string group, string kind) => All.FirstOrDefault(schema => schema.Group == group && schema.Kind == kind);

    public static KindSchema Get(string kind) => All.First(schema => schema.Kind == kind);
}
