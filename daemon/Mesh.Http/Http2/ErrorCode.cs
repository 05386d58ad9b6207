namespace Mesh.Http.Http2;

/// <summary>RFC 9113 section 7.</summary>
public enum ErrorCode : uint
{
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSizeError = 6,
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    ConnectError = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
}

/// <summary>The peer broke a rule that concerns the whole connection: it gets GOAWAY with the code and the message, then the end (5.4.1).</summary>
internal sealed class Http2ProtocolException(ErrorCode code, string reason) : Exception(reason)
{
    public ErrorCode Code { get; } = code;
}
