using System.Text.Json.Serialization;

namespace Mesh.Resources.Specs;

/// <summary>Typed views of spec. Only for resources that passed validation: fields have the right types, defaults are filled in.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ServiceSpec))]
[JsonSerializable(typeof(WorkloadSpec))]
[JsonSerializable(typeof(NodeSpec))]
[JsonSerializable(typeof(GatewaySpec))]
[JsonSerializable(typeof(RouteSpec))]
[JsonSerializable(typeof(GrpcRouteSpec))]
[JsonSerializable(typeof(ReferenceGrantSpec))]
[JsonSerializable(typeof(TrafficPolicySpec))]
[JsonSerializable(typeof(MtlsPolicySpec))]
[JsonSerializable(typeof(AccessPolicySpec))]
[JsonSerializable(typeof(TelemetryPolicySpec))]
internal sealed partial class SpecJson : JsonSerializerContext;
