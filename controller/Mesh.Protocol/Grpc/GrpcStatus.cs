namespace Mesh.Protocol.Grpc;

/// <summary>Codes of the gRPC specification (doc/statuscodes.md).</summary>
public enum GrpcStatusCode
{
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>How a call ended.</summary>
public readonly record struct GrpcStatus(GrpcStatusCode Code, string Message = "")
{
    public static readonly GrpcStatus Ok = new(GrpcStatusCode.Ok);

    public bool IsOk => Code == GrpcStatusCode.Ok;

    /// <summary>Reads grpc-status and grpc-message of trailers or of a head that is also the end.</summary>
    /// <param name="status">Null: the peer sent none, which is an error (PROTOCOL-HTTP2.md).</param>
    public static GrpcStatus Parse(string? status, string? encodedMessage)
    {
        if (status is null) return new(GrpcStatusCode.Unknown, "the call ended without a grpc-status");
        string message = encodedMessage is null ? "" : GrpcMessageText.Decode(encodedMessage);
        return int.TryParse(status, System.Globalization.NumberStyles.None, null, out int code) && code is >= 0 and <= 16
            ? new((GrpcStatusCode)code, message)
            : new(GrpcStatusCode.Unknown, $"the call ended with the unknown grpc-status '{status}' {message}");
    }

    /// <summary>What an HTTP answer that is not gRPC means (http-grpc-status-mapping.md); null for an answer that is.</summary>
    public static GrpcStatus? OfHttp(int httpStatus, string? contentType)
    {
        if (httpStatus == 200 && contentType is not null && contentType.StartsWith("application/grpc", StringComparison.Ordinal)) return null;
        var code = httpStatus switch
        {
            400 => GrpcStatusCode.Internal,
            401 => GrpcStatusCode.Unauthenticated,
            403 => GrpcStatusCode.PermissionDenied,
            404 => GrpcStatusCode.Unimplemented,
            429 or 502 or 503 or 504 => GrpcStatusCode.Unavailable,
            _ => GrpcStatusCode.Unknown,
        };
        return new(code, $"the server answered HTTP {httpStatus} with content type '{contentType ?? "none"}' instead of gRPC");
    }

    public override string ToString() => Message.Length == 0 ? Code.ToString() : $"{Code}: {Message}";
}

/// <summary>Ends a call with a status: thrown by handlers to answer it, and by clients that received it.</summary>
public sealed class GrpcException(GrpcStatus status, Exception? inner = null) : Exception(status.ToString(), inner)
{
    public GrpcException(GrpcStatusCode code, string message, Exception? inner = null) : this(new GrpcStatus(code, message), inner)
    {
    }

    public GrpcStatus Status { get; } = status;
}
