using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>The part of a record in a ring that always has the same size. Its texts follow: method, authority, path, request id, trace id.</summary>
internal struct AccessHeader
{
    /// <summary>Of the whole record; 0: the rest of the buffer is empty, go on at its start.</summary>
    public int Size;
    public ResponseFlag Flags;
    public long StartTicks;
    public long DurationTicks;
    public long BytesReceived;
    public long BytesSent;
    public AccessAddress Source;
    public AccessAddress Destination;
    public AccessAddress Endpoint;
    public short ResponseCode;
    public short GrpcStatus; // -1: none
    public ushort PathLength;
    public byte MethodLength;
    public byte AuthorityLength;
    public byte RequestIdLength;
    public byte TraceIdLength;
    public AccessLogFormat Format;
}
