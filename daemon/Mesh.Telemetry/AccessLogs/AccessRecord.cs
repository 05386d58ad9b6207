using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>The form of a record in a stream. The journal has a form of its own.</summary>
public enum AccessLogFormat : byte
{
    /// <summary>What the daemon's options say.</summary>
    Default,
    Text,
    Json,
}

/// <summary>One request or one connection, for the access log. On its way in, texts are views of the wire's bytes and are copied up to a bound;
/// on its way out they are views of the ring, valid during the call of the sink.</summary>
public readonly ref struct AccessRecord
{
    public DateTimeOffset Start { get; init; }
    public TimeSpan Duration { get; init; }

    /// <summary>Who talked with whom.</summary>
    public required ConstantFields Labels { get; init; }

    /// <summary>What the configuration adds to every record.</summary>
    public ConstantFields? Extra { get; init; }
    public AccessLogFormat Format { get; init; }
    public AccessAddress SourceAddress { get; init; }
    public AccessAddress DestinationAddress { get; init; }

    /// <summary>The endpoint that was chosen.</summary>
    public AccessAddress EndpointAddress { get; init; }

    /// <summary>Empty for a connection; at most 16 bytes are kept.</summary>
    public ReadOnlySpan<byte> Method { get; init; }

    /// <summary>Of a connection the server name that its client asked for in TLS. At most 128 bytes are kept.</summary>
    public ReadOnlySpan<byte> Authority { get; init; }

    /// <summary>At most 256 bytes are kept.</summary>
    public ReadOnlySpan<byte> Path { get; init; }

    /// <summary>At most 64 bytes are kept.</summary>
    public ReadOnlySpan<byte> RequestId { get; init; }

    /// <summary>32 hexadecimal digits, or empty.</summary>
    public ReadOnlySpan<byte> TraceId { get; init; }

    /// <summary>0 for a connection, or when no response was sent.</summary>
    public int ResponseCode { get; init; }

    /// <summary>gRPC's code; null when it is not gRPC.</summary>
    public int? GrpcStatus { get; init; }
    public ResponseFlag Flags { get; init; }

    /// <summary>What went wrong, for people; null when nothing did.</summary>
    public string? FailureReason { get; init; }
    public string? RouteName { get; init; }

    /// <summary>From the client, bodies only for a request.</summary>
    public long BytesReceived { get; init; }

    /// <summary>To the client.</summary>
    public long BytesSent { get; init; }
}
