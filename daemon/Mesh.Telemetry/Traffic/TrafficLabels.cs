namespace Mesh.Telemetry.Traffic;

public enum Reporter
{
    Source,
    Destination,
}

/// <summary>One side of a conversation. Empty strings where it is not known.</summary>
/// <param name="Service">namespace/name of the Service it stands for.</param>
public readonly record struct Party(string Workload, string Namespace, string Principal, string Service)
{
    public static readonly Party Unknown = new("unknown", "unknown", "unknown", "unknown");
}

/// <summary>What distinguishes the traffic metrics of one conversation. The strings are those of the model in force, so that building this
/// for a connection allocates nothing.</summary>
/// <param name="Protocol">http, grpc, tcp …</param>
/// <param name="SecurityPolicy">mutual_tls, none, or unknown, as in Istio.</param>
public readonly record struct TrafficLabels(Reporter Reporter, Party Source, Party Destination, string Protocol, string SecurityPolicy)
{
    internal static readonly string[] Names =
    [
        "reporter", "source_workload", "source_namespace", "source_principal", "source_service",
        "destination_workload", "destination_namespace", "destination_principal", "destination_service",
        "request_protocol", "connection_security_policy",
    ];

    internal static string[] With(params string[] more) => [.. Names, .. more];

    internal string[] Values(params ReadOnlySpan<string> more) =>
    [
        Reporter == Reporter.Source ? "source" : "destination", Source.Workload, Source.Namespace, Source.Principal, Source.Service,
        Destination.Workload, Destination.Namespace, Destination.Principal, Destination.Service,
        Protocol, SecurityPolicy, .. more,
    ];
}
