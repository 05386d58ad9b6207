using System.Buffers.Binary;

namespace Mesh.Http.Http2;

/// <summary>RFC 9113 section 6.</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>On DATA and HEADERS.</summary>
    EndStream = 0x1,

    /// <summary>On SETTINGS and PING.</summary>
    Ack = 0x1,
    EndHeaders = 0x4,
    Padded = 0x8,
    Priority = 0x20,
}

internal enum SettingId : ushort
{
    HeaderTableSize = 1,
    EnablePush = 2,
    MaxConcurrentStreams = 3,
    InitialWindowSize = 4,
    MaxFrameSize = 5,
    MaxHeaderListSize = 6,

    /// <summary>RFC 8441 3.</summary>
    EnableConnectProtocol = 8,
}

/// <summary>The nine bytes before every payload (4.1). The reserved bit is ignored when read and zero when written.</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, FrameFlags Flags, int StreamId)
{
    public const int Size = 9;

    /// <summary>Every endpoint accepts payloads of this size, the value before any SETTINGS (6.5.2).</summary>
    public const int DefaultMaxFrameSize = 16 * 1024;

    public bool Has(FrameFlags flag) => (Flags & flag) != 0;

    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    public static FrameHeader Read(ReadOnlySpan<byte> source) => new(
        source[0] << 16 | source[1] << 8 | source[2],
        (FrameType)source[3],
        (FrameFlags)source[4],
        BinaryPrimitives.ReadInt32BigEndian(source[5..]) & int.MaxValue);

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, Length << 8 | (byte)Type);
        destination[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], StreamId);
    }
}

/// <summary>What RFC 9113 demands of a frame before its payload is looked at: sizes and stream identifiers.</summary>
internal static class FrameRules
{
    /// <exception cref="Http2ProtocolException">A rule is broken; all of these end the connection.</exception>
    public static void Check(in FrameHeader frame, int maxFrameSize)
    {
        if (frame.Length > maxFrameSize) throw WrongSize(frame, $"at most {maxFrameSize}");
        switch (frame.Type)
        {
            case FrameType.Data or FrameType.Headers or FrameType.Continuation:
                DemandStream(frame);
                break;
            case FrameType.Priority:
                DemandStream(frame);
                DemandLength(frame, 5);
                break;
            case FrameType.RstStream:
                DemandStream(frame);
                DemandLength(frame, 4);
                break;
            case FrameType.Settings:
                DemandConnection(frame);
                if (frame.Has(FrameFlags.Ack)) DemandLength(frame, 0);
                else if (frame.Length % 6 != 0) throw WrongSize(frame, "a multiple of 6");
                break;
            case FrameType.Ping:
                DemandConnection(frame);
                DemandLength(frame, 8);
                break;
            case FrameType.GoAway:
                DemandConnection(frame);
                if (frame.Length < 8) throw WrongSize(frame, "at least 8");
                break;
            case FrameType.WindowUpdate:
                DemandLength(frame, 4);
                break;
            case FrameType.PushPromise:
                throw new Http2ProtocolException(ErrorCode.ProtocolError, "PUSH_PROMISE received, but push is disabled (RFC 9113 8.4)");
        }
    }

    /// <summary>The rule outlived by what it was for: priorities are passed over, but who says this is broken (RFC 7540 5.3.1).</summary>
    /// <param name="priority">The fields of a PRIORITY frame, or of HEADERS: at least five bytes.</param>
    public static void CheckDependency(scoped in FrameHeader frame, ReadOnlySpan<byte> priority)
    {
        if ((BinaryPrimitives.ReadInt32BigEndian(priority) & int.MaxValue) == frame.StreamId)
            throw new Http2ProtocolException(ErrorCode.ProtocolError, $"{frame.Type} makes stream {frame.StreamId} depend on itself (RFC 7540 5.3.1)");
    }

    private static void DemandStream(in FrameHeader frame)
    {
        if (frame.StreamId == 0)
            throw new Http2ProtocolException(ErrorCode.ProtocolError, $"{frame.Type} frame on stream 0 (RFC 9113 6)");
    }

    private static void DemandConnection(in FrameHeader frame)
    {
        if (frame.StreamId != 0)
            throw new Http2ProtocolException(ErrorCode.ProtocolError, $"{frame.Type} frame on stream {frame.StreamId}, belongs on stream 0 (RFC 9113 6)");
    }

    private static void DemandLength(in FrameHeader frame, int length)
    {
        if (frame.Length != length) throw WrongSize(frame, length.ToString());
    }

    private static Http2ProtocolException WrongSize(in FrameHeader frame, string allowed) =>
        new(ErrorCode.FrameSizeError, $"{frame.Type} frame of {frame.Length} bytes on stream {frame.StreamId}, allowed: {allowed} (RFC 9113 4.2)");
}
