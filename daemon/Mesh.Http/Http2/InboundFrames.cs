using System.Buffers;
using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>What each frame of the peer does (RFC 9113 section 6), with the state rules of section 5.1.</summary>
internal sealed class InboundFrames(Http2Connection connection) : IFrameHandler
{
    private readonly StreamTable streams = connection.Streams;
    private readonly InboundHeads heads = new(connection);
    private readonly HeaderBlock block = new(connection.Settings.MaxHeaderListBytes, connection.Limits.MaxContinuationFrames);
    private long windowUpdates;
    private long pings;
    private Http2Stream? dataStream; // of the DATA frame that is arriving; null when it is ignored
    private int dataBytes;

    public void OnFrame(in FrameHeader frame)
    {
        bool isSettings = frame.Type == FrameType.Settings && !frame.Has(FrameFlags.Ack);
        if (!connection.Peer.Received && !isSettings)
            throw new Http2ProtocolException(ErrorCode.ProtocolError, $"the first frame is {frame.Type}, must be SETTINGS (RFC 9113 3.4)");
        block.Check(frame);
        if (frame.Type == FrameType.Data) BeginData(frame);
        else if (IsIdle(frame)) connection.CountIdleFrame();
    }

    public void OnPayload(in FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case FrameType.Headers or FrameType.Continuation:
                if (frame.Type == FrameType.Headers) heads.CheckStreamId(frame.StreamId);
                if (block.Add(frame, payload, out var fields)) heads.OnBlock(frame.StreamId, fields, block.EndStream);
                break;
            case FrameType.Priority:
                FrameRules.CheckDependency(frame, payload);
                break;
            case FrameType.RstStream:
                OnReset(frame.StreamId, (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case FrameType.Settings:
                if (frame.Has(FrameFlags.Ack)) connection.OnSettingsAck();
                else OnSettings(payload);
                break;
            case FrameType.Ping:
                if (frame.Has(FrameFlags.Ack)) connection.OnPingAck(BinaryPrimitives.ReadInt64BigEndian(payload));
                else connection.Writer.WritePing(payload, ack: true);
                break;
            case FrameType.GoAway:
                connection.CountIdleFrame();
                connection.OnGoAway(
                    BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue,
                    (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]), payload[8..]);
                break;
            case FrameType.WindowUpdate:
                OnWindowUpdate(frame.StreamId, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
        }
    }

    public void OnData(in FrameHeader frame, in ReadOnlySequence<byte> part, bool last)
    {
        dataBytes += (int)part.Length;
        bool end = frame.Has(FrameFlags.EndStream);
        var stream = dataStream;
        if (last && dataBytes == 0)
        {
            if (!end) connection.CountIdleFrame();
            else if (stream is null) connection.CountLateFrame();
        }
        if (stream is null || stream.IsBroken) return;
        if (stream.ExpectedBytes >= 0 && (stream.ExpectedBytes -= part.Length) < 0)
        {
            connection.StreamError(stream.Id, ErrorCode.ProtocolError, "the body is longer than its content-length (RFC 9113 8.1.1)");
            return;
        }
        stream.OnData(part);
        if (!last) return;
        dataStream = null;
        stream.OnPadding(frame.Length - dataBytes);
        if (end) connection.EndRemote(stream);
    }

    private bool IsIdle(in FrameHeader frame)
    {
        if (frame.Type == FrameType.Ping && !frame.Has(FrameFlags.Ack)) return ++pings > connection.PingsExpected;
        return frame.Type is FrameType.Settings or FrameType.Ping or FrameType.Priority or > FrameType.Continuation;
    }

    private void BeginData(in FrameHeader frame)
    {
        (dataStream, dataBytes) = (null, 0);
        connection.ReceiveWindow.OnReceived(frame.Length);
        int id = frame.StreamId;
        if (!streams.TryGet(id, out var stream))
        {
            if (streams.IsIdle(id)) throw Idle(frame.Type, id);
            if (!streams.WasResetHere(id)) connection.StreamError(id, ErrorCode.StreamClosed, "DATA on a closed stream");
            return;
        }
        if (stream.RemoteEnded) connection.StreamError(id, ErrorCode.StreamClosed, "DATA after END_STREAM (RFC 9113 5.1)");
        else if (!connection.IsServer && !stream.FinalHeadReceived) connection.StreamError(id, ErrorCode.ProtocolError, "DATA before the response head (RFC 9113 8.1)");
        else if (!stream.TryReceive(frame.Length)) connection.StreamError(id, ErrorCode.FlowControlError, "DATA exceeds the stream's window (RFC 9113 6.9)");
        else dataStream = stream;
    }

    private void OnReset(int id, ErrorCode code)
    {
        if (streams.IsIdle(id)) throw Idle(FrameType.RstStream, id);
        if (!streams.TryGet(id, out var stream))
        {
            connection.CountLateFrame();
            return;
        }
        // A client can begin and reset for ever (CVE-2023-44487); one that has its whole answer spares nobody any work by giving up the rest of its request, as gRPC's do.
        // A server resets no more than we ask of it.
        if (connection.IsServer && !stream.LocalEnded) connection.CountReset();
        stream.ResetCode = code;
        stream.IsRefused = code == ErrorCode.RefusedStream;
        if (code == ErrorCode.NoError && stream.RemoteEnded) stream.StopSending();
        else stream.Break(BreakKind.Reset, $"stream {id} was reset by the peer with {code}");
        connection.Close(stream);
    }

    private void OnSettings(ReadOnlySpan<byte> payload)
    {
        int oldWindow = connection.Peer.InitialWindow;
        connection.Peer.Apply(payload, fromServer: !connection.IsServer);
        connection.Writer.LimitHeaderTable(connection.Peer.HeaderTableSize);
        int change = connection.Peer.InitialWindow - oldWindow;
        if (change != 0)
        {
            foreach (var stream in streams.Open)
            {
                if (!stream.TryGrowSendWindow(change))
                    throw new Http2ProtocolException(ErrorCode.FlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE makes a stream's window exceed 2^31-1 (RFC 9113 6.9.2)");
            }
        }
        connection.Writer.WriteSettingsAck();
        connection.OnPeerSettings();
    }

    private void OnWindowUpdate(int id, int increment)
    {
        if (++windowUpdates > connection.WindowUpdatesExpected) connection.CountIdleFrame();
        if (id == 0)
        {
            if (increment == 0) throw new Http2ProtocolException(ErrorCode.ProtocolError, "WINDOW_UPDATE of 0 on the connection (RFC 9113 6.9)");
            if (!connection.Scheduler.TryGrowWindow(increment))
                throw new Http2ProtocolException(ErrorCode.FlowControlError, "the connection's window exceeds 2^31-1 (RFC 9113 6.9.1)");
            return;
        }
        if (streams.IsIdle(id)) throw Idle(FrameType.WindowUpdate, id);
        if (!streams.TryGet(id, out var stream)) return;
        if (increment == 0) connection.StreamError(id, ErrorCode.ProtocolError, "WINDOW_UPDATE of 0 (RFC 9113 6.9)");
        else if (!stream.TryGrowSendWindow(increment)) connection.StreamError(id, ErrorCode.FlowControlError, "the window exceeds 2^31-1 (RFC 9113 6.9.1)");
    }

    private static Http2ProtocolException Idle(FrameType type, int id) =>
        new(ErrorCode.ProtocolError, $"{type} on stream {id}, which is idle (RFC 9113 5.1)");
}
