using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Protocol.Config;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class PolicyCompiler
{
    private static readonly string[] kinds = ["TrafficPolicy", "MtlsPolicy", "AccessPolicy", "TelemetryPolicy"];

    public static bool Compiles(string kind) => kinds.Contains(kind);

    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.TrafficPolicy);
        context.Begin(TypeUrls.MtlsPolicy);
        context.Begin(TypeUrls.AccessPolicy);
        context.Begin(TypeUrls.TelemetryPolicy);
        foreach (var policy in kinds.SelectMany(context.Resources.OfKind))
            Compile(context, policy);
    }

    public static void Compile(CompileContext context, Resource policy)
    {
        if (policy.Key.Kind == "TrafficPolicy")
            EmitTraffic(context, policy);
        else if (policy.Key.Kind == "MtlsPolicy")
            Emit(context, policy, policy.SpecAs(SpecJson.Default.MtlsPolicySpec), TypeUrls.MtlsPolicy, Mtls);
        else if (policy.Key.Kind == "TelemetryPolicy")
            Emit(context, policy, policy.SpecAs(SpecJson.Default.TelemetryPolicySpec), TypeUrls.TelemetryPolicy, TelemetryPolicyCompiler.Message);
        else
            Emit(context, policy, policy.SpecAs(SpecJson.Default.AccessPolicySpec), TypeUrls.AccessPolicy, AccessPolicyCompiler.Message);
    }

    private static void EmitTraffic(CompileContext context, Resource policy)
    {
        var spec = policy.SpecAs(SpecJson.Default.TrafficPolicySpec);
        var replicas = new ReadReplicasResolver(context, policy);
        Emit(context, policy, spec, TypeUrls.TrafficPolicy, (_, _, targets) => Traffic(policy, spec, targets, replicas.Resolve(spec)), replicas);
    }

    // A policy whose targets all fail is left out as a whole: without targets it would mean the whole namespace.
    private static void Emit<T>(CompileContext context, Resource policy, T spec, string typeUrl, Func<Resource, T, IReadOnlyList<Target>, IMessage> message, ReadReplicasResolver? replicas = null)
        where T : PolicySpec
    {
        var resolver = new TargetResolver(context, policy);
        var targets = resolver.Resolve(spec);
        if (targets.Count > 0)
            context.Emit(typeUrl, policy.Key.Path, message(policy, spec, targets));

        var (reason, text) = resolver.Failure is { } notFound ? ("TargetNotFound", notFound) : replicas?.Failure ?? ("Accepted", "the policy is in force");
        context.SetStatus(policy, new JsonObject
        {
            ["conditions"] = new JsonArray(Conditions.Make("Accepted", reason == "Accepted", reason, text, policy.Generation)),
        });
    }

    private static TrafficPolicy Traffic(Resource policy, TrafficPolicySpec spec, IReadOnlyList<Target> targets, ReadReplicas? replicas)
    {
        var result = new TrafficPolicy
        {
            Namespace = policy.Namespace,
            Name = policy.Name,
            CreatedUnixMs = policy.Created.ToUnixTimeMilliseconds(),
            LoadBalancer = spec.LoadBalancing?.Algorithm switch
            {
                "RoundRobin" => TrafficPolicy.Types.LoadBalancer.RoundRobin,
                "Random" => TrafficPolicy.Types.LoadBalancer.Random,
                _ => TrafficPolicy.Types.LoadBalancer.LeastRequest,
            },
            ConnectTimeoutMs = GatewayDuration.Milliseconds(spec.Timeouts?.Connect),
            RequestTimeoutMs = GatewayDuration.Milliseconds(spec.Timeouts?.Request),
            IdleTimeoutMs = GatewayDuration.Milliseconds(spec.Timeouts?.Idle),
            ProxyProtocol = spec.ProxyProtocol is { } proxy ? Proxy(proxy) : null,
            Retries = spec.Retries is { } retries ? new RetryPolicy { Attempts = retries.Attempts, OnConnectFailure = retries.On.Contains("ConnectFailure") } : null,
            RedisReadReplicas = replicas,
        };
        result.Targets.AddRange(targets);
        return result;
    }

    private static ProxyProtocol Proxy(ProxyProtocolSpec spec)
    {
        var result = new ProxyProtocol { Send = spec.Send == "V2" ? ProxyProtocol.Types.Version.V2 : ProxyProtocol.Types.Version.None };
        result.AcceptFrom.AddRange(spec.AcceptFrom);
        return result;
    }

    private static MtlsPolicy Mtls(Resource policy, MtlsPolicySpec spec, IReadOnlyList<Target> targets)
    {
        var result = new MtlsPolicy { Namespace = policy.Namespace, Name = policy.Name, CreatedUnixMs = policy.Created.ToUnixTimeMilliseconds(), Mode = Mode(spec.Mode) };
        result.Targets.AddRange(targets);
        foreach (var (port, mode) in spec.Ports.Select(entry => (Port: uint.Parse(entry.Key), Mode: Mode(entry.Value.Mode))).OrderBy(entry => entry.Port))
            result.Ports.Add(port, mode);

        return result;
    }

    private static MtlsPolicy.Types.Mode Mode(string mode) => mode == "Permissive" ? MtlsPolicy.Types.Mode.Permissive : MtlsPolicy.Types.Mode.Strict;
}
