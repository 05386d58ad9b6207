using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class TrafficPolicyKind
{
    private const int maxAttempts = 10; // beyond this a retry storm costs more than it saves

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "TrafficPolicy",
        Plural = "trafficpolicies",
        ShortNames = ["tp"],
        Doc = "How clients reach a Service: load balancing, time limits, retries.",
        Spec = new ObjectType(
            PolicyTypes.TargetRefs("Service", "Namespace"),
            Optional("loadBalancing", new ObjectType(
                Optional("algorithm", new StringType { Values = ["LeastRequest", "RoundRobin", "Random"], NotYet = ["RingHash", "Maglev", "ConsistentHash"] }, "How an endpoint is chosen.", "\"LeastRequest\"")), "Choice of the endpoint."),
            Optional("timeouts", new ObjectType(
                Optional("connect", Text(TextFormats.Duration), "For a connection to be made."),
                Optional("request", Text(TextFormats.Duration), "From the request's first byte to the response's last."),
                Optional("idle", Text(TextFormats.Duration), "Without a byte in either direction.")), "Time limits; 0s or absent: the default."),
            Optional("retries", new ObjectType(
                Needed("attempts", Integer(0, maxAttempts), "Tries after the first; 0: none."),
                Optional("on", ListOf(new StringType { Values = ["ConnectFailure"], NotYet = ["5xx", "GatewayError", "Reset", "RetriableStatusCodes"] }, max: 8), "Failures that are tried again.", "[\"ConnectFailure\"]")), "Repeated tries."),
            NotYet("locality", "Preference for near endpoints."),
            NotYet("connectionPool", "Limits of connections."),
            NotYet("circuitBreaker", "Limits of concurrency."),
            NotYet("outlierDetection", "Ejection of failing endpoints."),
            NotYet("healthCheck", "Active health checks."),
            NotYet("hedging", "Parallel tries."),
            NotYet("slowStart", "Ramp-up of new endpoints."))
        {
            Check = static spec =>
            {
                if (!spec.Has("loadBalancing") && !spec.Has("timeouts") && !spec.Has("retries"))
                    spec.Required("", "must have loadBalancing, timeouts or retries");
            },
        },
        Status = PolicyTypes.Status,
        Check = PolicyTypes.OwnNamespace,
    };
}
