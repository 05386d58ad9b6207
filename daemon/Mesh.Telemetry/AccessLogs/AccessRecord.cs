using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>One request or one connection, for the access log. Preallocated and reused: a loop fills it in place, text from the wire is
/// copied up to a bound, and names are the strings of the model in force.</summary>
public sealed class AccessRecord
{
    public DateTimeOffset Start { get; set; }
    public TimeSpan Duration { get; set; }
    public TrafficLabels Labels { get; set; }
    public AccessAddress SourceAddress;
    public AccessAddress DestinationAddress;

    /// <summary>The endpoint that was chosen.</summary>
    public AccessAddress EndpointAddress;

    /// <summary>Empty for a connection.</summary>
    public BoundedText Method { get; } = new(16);
    public BoundedText Authority { get; } = new(128);
    public BoundedText Path { get; } = new(256);
    public BoundedText RequestId { get; } = new(64);
    public BoundedText TraceId { get; } = new(32);

    /// <summary>0 for a connection, or when no response was sent.</summary>
    public int ResponseCode { get; set; }

    /// <summary>-1 when it is not gRPC.</summary>
    public int GrpcStatus { get; set; }
    public ResponseFlag Flags { get; set; }

    /// <summary>What went wrong, for people; empty when nothing did.</summary>
    public string FailureReason { get; set; } = "";
    public string RouteName { get; set; } = "";

    /// <summary>From the client, bodies only for a request.</summary>
    public long BytesReceived { get; set; }

    /// <summary>To the client.</summary>
    public long BytesSent { get; set; }

    internal void Clear()
    {
        Start = default;
        Duration = default;
        Labels = default;
        SourceAddress = DestinationAddress = EndpointAddress = default;
        Method.Clear();
        Authority.Clear();
        Path.Clear();
        RequestId.Clear();
        TraceId.Clear();
        ResponseCode = 0;
        GrpcStatus = -1;
        Flags = ResponseFlag.None;
        FailureReason = RouteName = "";
        BytesReceived = BytesSent = 0;
    }
}
