using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Names of a record's fields.</summary>
internal static class AccessFields
{
    public static readonly AccessField Duration = new("duration_ms");
    public static readonly AccessField Method = new("method");
    public static readonly AccessField Authority = new("authority");
    public static readonly AccessField ServerName = new("requested_server_name");
    public static readonly AccessField Path = new("path");
    public static readonly AccessField ResponseCode = new("response_code");
    public static readonly AccessField GrpcStatus = new("grpc_status");
    public static readonly AccessField ResponseFlags = new("response_flags");
    public static readonly AccessField FailureReason = new("failure_reason");
    public static readonly AccessField BytesReceived = new("bytes_received");
    public static readonly AccessField BytesSent = new("bytes_sent");
    public static readonly AccessField SourceAddress = new("source_address");
    public static readonly AccessField DestinationAddress = new("destination_address");
    public static readonly AccessField EndpointAddress = new("endpoint_address");
    public static readonly AccessField Route = new("route");
    public static readonly AccessField RequestId = new("request_id");
    public static readonly AccessField TraceId = new("trace_id");

    /// <summary>Who talked with whom, as the fields that end a record.</summary>
    public static ConstantFields Of(in TrafficLabels labels) => new(
        ("reporter", labels.Reporter == Reporter.Source ? "source" : "destination"),
        ("protocol", labels.Protocol),
        ("source_workload", labels.Source.Workload),
        ("source_namespace", labels.Source.Namespace),
        ("source_principal", labels.Source.Principal),
        ("source_service", labels.Source.Service),
        ("destination_workload", labels.Destination.Workload),
        ("destination_namespace", labels.Destination.Namespace),
        ("destination_principal", labels.Destination.Principal),
        ("destination_service", labels.Destination.Service),
        ("connection_security_policy", labels.SecurityPolicy));
}
