using System.Text.Json.Nodes;
using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>Where a TrafficPolicy sends reads of Redis. While that cannot be found, the rest of the policy is in force and every command goes to the primary.</summary>
internal sealed class ReadReplicasResolver(CompileContext context, Resource policy)
{
    private const string path = "spec.redis.readReplicas";

    /// <summary>Reason and message; null when it was found, or nothing was asked for.</summary>
    public (string Reason, string Message)? Failure { get; private set; }

    public ReadReplicas? Resolve(TrafficPolicySpec spec)
    {
        if (spec.Redis?.ReadReplicas is not { } asked)
            return null;
        foreach (var (target, index) in spec.TargetRefs.Select((target, index) => (target, index)))
            CheckTarget(target, index);

        var key = Key(asked.Service);
        var port = context.Resources.Find(key) is { } service ? Port(service, asked.Port) : Fail("ReplicasNotFound", $"{path}.service", $"{key} does not exist");
        return Failure is null ? new ReadReplicas { Service = key.Path, Port = (uint)port!.Value, AfterWriteMs = GatewayDuration.Milliseconds(asked.AfterWrite) } : null;
    }

    private static bool IsRedis(ServicePortSpec port) => AppProtocols.Of(port.AppProtocol, port.Name) == AppProtocol.Redis;

    private static bool Is(ServicePortSpec port, JsonNode wanted) =>
        wanted is JsonValue value && JsonNumbers.TryInteger(value, out var number) ? port.Port == number : port.Name == wanted.ToString();

    private ResourceKey Key(string service) => new(Groups.Core, "Service", policy.Namespace, service);

    /// <summary>Of a Service with other ports as well, only those of Redis are concerned.</summary>
    private void CheckTarget(TargetRefSpec target, int index)
    {
        if (context.Resources.Find(Key(target.Name)) is not { } service)
            return;
        var ports = Ports(service).Where(port => target.SectionName is null || Is(port, target.SectionName)).ToList();
        if (ports.Count > 0 && !ports.Any(IsRedis))
            Fail("NotRedis", $"spec.targetRefs[{index}]", $"{service.Key} has no port declared as Redis there; see the port's appProtocol and name");
    }

    private int? Port(Resource service, JsonNode? wanted)
    {
        var redis = Ports(service).Where(IsRedis).ToList();
        if (wanted is null)
        {
            return redis.Count == 1 ? redis[0].Port
                : redis.Count == 0 ? Fail("NotRedis", $"{path}.service", $"{service.Key} has no port declared as Redis; see the port's appProtocol and name")
                : Fail("ReplicasNotFound", $"{path}.port", $"must say which of {string.Join(", ", redis.Select(port => port.Port))}, the ports of {service.Key} that are declared as Redis");
        }

        var port = Ports(service).Find(port => Is(port, wanted));
        return port is null ? Fail("ReplicasNotFound", $"{path}.port", $"{service.Key} has no port {wanted}")
            : IsRedis(port) ? port.Port
            : Fail("NotRedis", $"{path}.port", $"port {wanted} of {service.Key} is not declared as Redis; see its appProtocol and name");
    }

    private static List<ServicePortSpec> Ports(Resource service) => service.SpecAs(SpecJson.Default.ServiceSpec).Ports;

    private int? Fail(string reason, string where, string message)
    {
        Failure ??= (reason, $"{where}: {message}");
        context.Problem(policy, where, ErrorReason.NotFound, message);
        return null;
    }
}
