using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class TrafficPolicyKind
{
    private const int maxAttempts = 10; // beyond this a retry storm costs more than it saves

    private static readonly string[] ofServices = ["loadBalancing", "timeouts", "retries", "redis"];

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "TrafficPolicy",
        Plural = "trafficpolicies",
        ShortNames = ["tp"],
        Doc = "How clients reach a Service: load balancing, time limits, retries, the PROXY protocol, replicas for reads of Redis. Of a Gateway: from whom it takes the PROXY protocol.",
        Spec = new ObjectType(
            PolicyTypes.TargetRefs("Service", "Namespace", "Gateway"),
            Optional("loadBalancing", new ObjectType(
                Optional("algorithm", new StringType { Values = ["LeastRequest", "RoundRobin", "Random"], NotYet = ["RingHash", "Maglev", "ConsistentHash"] }, "How an endpoint is chosen.", "\"LeastRequest\"")), "Choice of the endpoint."),
            Optional("timeouts", new ObjectType(
                Optional("connect", Text(TextFormats.Duration), "For a connection to be made."),
                Optional("request", Text(TextFormats.Duration), "From the request's first byte to the response's last."),
                Optional("idle", Text(TextFormats.Duration), "Without a byte in either direction: of a connection of opaque bytes, or of a request and its response.")), "Time limits; 0s or absent: the default."),
            Optional("retries", new ObjectType(
                Needed("attempts", Integer(0, maxAttempts), "Tries after the first; 0: none."),
                Optional("on", ListOf(new StringType { Values = ["ConnectFailure"], NotYet = ["5xx", "GatewayError", "Reset", "RetriableStatusCodes"] }, max: 8), "Failures that are tried again.", "[\"ConnectFailure\"]")), "Repeated tries."),
            Optional("proxyProtocol", new ObjectType(
                Optional("send", new StringType { Values = ["V2"], NotYet = ["V1"] }, "Connections to the Service's workloads begin with a PROXY header of this version: the client's address and, as TLV 0xD0, its identity."),
                Optional("acceptFrom", ListOf(Text(TextFormats.Cidr), max: 64, min: 1), "At a Gateway: connections from these blocks must begin with a PROXY header, version 1 or 2, and are served as from the client it names; all others must not.")), "The PROXY protocol."),
            Optional("redis", new ObjectType(
                Needed("readReplicas", new ObjectType(
                    Needed("service", Text(TextFormats.ServiceName, 63), "Service of the policy's namespace, other than those of targetRefs, whose workloads replicate theirs."),
                    Optional("port", PortOrName, "Its port, by name or number, which must be declared as Redis. Absent: the only such port."),
                    Optional("afterWrite", Text(TextFormats.Duration), "For so long after a write, reads of the same connection stay with the primary; 0s: they do not.", "\"1s\"")), "Commands that only read keys go to a replica while one can answer.")), "Of ports declared as Redis."),
            NotYet("locality", "Preference for near endpoints."),
            NotYet("connectionPool", "Limits of connections."),
            NotYet("circuitBreaker", "Limits of concurrency."),
            NotYet("outlierDetection", "Ejection of failing endpoints."),
            NotYet("healthCheck", "Active health checks."),
            NotYet("hedging", "Parallel tries."),
            NotYet("slowStart", "Ramp-up of new endpoints."))
        {
            Check = CheckSpec,
        },
        Status = PolicyTypes.Status,
        Check = PolicyTypes.OwnNamespace,
    };

    private static void CheckSpec(ObjectCheck spec)
    {
        var ofService = ofServices.Where(spec.Has).ToList();
        if (ofService.Count == 0 && !spec.Has("proxyProtocol"))
            spec.Required("", "must have loadBalancing, timeouts, retries, redis or proxyProtocol");

        var proxy = spec.Child("proxyProtocol");
        if (spec.Has("proxyProtocol") && proxy.IsEmpty)
            proxy.Required("", "must have send or acceptFrom");

        var targets = spec.Children("targetRefs").ToList();
        var gateways = targets.Count(target => target.Text("kind") == "Gateway");
        if (proxy.Has("acceptFrom") && (gateways == 0 || gateways < targets.Count))
            proxy.Invalid("acceptFrom", "needs targetRefs that are all Gateways");
        if (spec.Has("redis"))
            CheckReplicas(spec, targets);
        if (gateways == 0)
            return;

        foreach (var field in ofService)
            spec.Invalid(field, "must be absent for a Gateway: it is set on the Services behind it");
        if (proxy.Has("send"))
            proxy.Invalid("send", "must be absent for a Gateway: it is set on the Services behind it");
    }

    private static void CheckReplicas(ObjectCheck spec, List<ObjectCheck> targets)
    {
        if (targets.Count == 0 || targets.Any(target => target.Text("kind") == "Namespace"))
            spec.Invalid("redis", "needs targetRefs that are all Services: replicas belong to one primary");

        var replicas = spec.Child("redis").Child("readReplicas");
        if (replicas.Text("service") is { } service && targets.Any(target => target.Text("kind") == "Service" && target.Text("name") == service))
            replicas.Invalid("service", "must be another Service than those of targetRefs: one whose workloads are replicas and nothing else");
    }
}
