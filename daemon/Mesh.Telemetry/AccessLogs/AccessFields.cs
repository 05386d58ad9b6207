using System.Globalization;
using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Names and texts of a record's fields in the order in which every format shows them.</summary>
public static class AccessFields
{
    /// <summary>Calls back for every field that has a value. Numbers come as invariant text with <c>isNumber</c> set.</summary>
    public static void ForEach<TState>(AccessRecord record, TState state, Action<TState, string, string, bool> field)
    {
        Text("start_time", record.Start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        field(state, "duration_ms", record.Duration.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture), true);
        Text("reporter", record.Labels.Reporter == Reporter.Source ? "source" : "destination");
        Text("protocol", record.Labels.Protocol);
        Text("method", record.Method.ToString());
        Text("authority", record.Authority.ToString());
        Text("path", record.Path.ToString());
        if (record.ResponseCode > 0) Number("response_code", record.ResponseCode);
        if (record.GrpcStatus >= 0) Number("grpc_status", record.GrpcStatus);
        Text("response_flags", record.Flags.ToText());
        Text("failure_reason", record.FailureReason);
        Number("bytes_received", record.BytesReceived);
        Number("bytes_sent", record.BytesSent);
        Side("source", record.Labels.Source, record.SourceAddress.ToString());
        Side("destination", record.Labels.Destination, record.DestinationAddress.ToString());
        Text("endpoint_address", record.EndpointAddress.ToString());
        Text("route", record.RouteName);
        Text("request_id", record.RequestId.ToString());
        Text("trace_id", record.TraceId.ToString());
        Text("connection_security_policy", record.Labels.SecurityPolicy);

        void Text(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) field(state, name, value, false);
        }

        void Number(string name, long value) => field(state, name, value.ToString(CultureInfo.InvariantCulture), true);

        void Side(string name, in Party party, string address)
        {
            Text(name + "_workload", party.Workload);
            Text(name + "_namespace", party.Namespace);
            Text(name + "_principal", party.Principal);
            Text(name + "_service", party.Service);
            Text(name + "_address", address);
        }
    }
}
