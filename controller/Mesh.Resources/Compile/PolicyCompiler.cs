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
            Emit(context, policy, policy.SpecAs(SpecJson.Default.TrafficPolicySpec), TypeUrls.TrafficPolicy, Traffic);
        else if (policy.Key.Kind == "MtlsPolicy")
            Emit(context, policy, policy.SpecAs(SpecJson.Default.MtlsPolicySpec), TypeUrls.MtlsPolicy, Mtls);
        else if (policy.Key.Kind == "TelemetryPolicy")
            Emit(context, policy, policy.SpecAs(SpecJson.Default.TelemetryPolicySpec), TypeUrls.TelemetryPolicy, TelemetryPolicyCompiler.Message);
        else
            Emit(context, policy, policy.SpecAs(SpecJson.Default.AccessPolicySpec), TypeUrls.AccessPolicy, AccessPolicyCompiler.Message);
    }

    // A policy whose targets all fail is left out as a whole: without targets it would mean the whole namespace.
    private static void Emit<T>(CompileContext context, Resource policy, T spec, string typeUrl, Func<Resource, T, IReadOnlyList<Target>, IMessage> message)
        where T : PolicySpec
    {
        var resolver = new TargetResolver(context, policy);
        var targets = resolver.Resolve(spec);
        if (targets.Count > 0)
            context.Emit(typeUrl, policy.Key.Path, message(policy, spec, targets));

        context.SetStatus(policy, new JsonObject
        {
            ["conditions"] = new JsonArray(Conditions.Make("Accepted", resolver.Failure is null, resolver.Failure is null ? "Accepted" : "TargetNotFound", resolver.Failure ?? "the policy is in force", policy.Generation)),
        });
    }

    private static TrafficPolicy Traffic(Resource policy, TrafficPolicySpec spec, IReadOnlyList<Target> targets)
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
