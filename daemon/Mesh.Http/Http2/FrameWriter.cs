using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Mesh.Http.Hpack;

namespace Mesh.Http.Http2;

/// <summary>Writes frames straight into the transport's memory. While a flush is pending the transport is not touched: control frames and heads wait
/// in a bounded queue, bodies stay with their streams.</summary>
internal sealed class FrameWriter(PipeWriter output, int maxQueuedBytes)
{
    private readonly SegmentBuffer queue = new();
    private readonly HpackEncoder encoder = new();

    /// <summary>A flush has not ended: write nothing to the transport.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>So, or what waited meanwhile has not been moved: whatever came now would overtake it.</summary>
    public bool MustWait => IsBlocked || queue.Length > 0;

    /// <summary>Bytes in the transport's memory since the last flush.</summary>
    public int Unflushed { get; private set; }

    /// <summary>The peer does not read and makes us write all the same: something was dropped, the connection must end.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>Enough waits that senders of heads should wait too; the rest of the queue is for control frames.</summary>
    public bool IsCrowded => queue.Length > maxQueuedBytes / 4;

    public void LimitHeaderTable(uint peerLimit) => encoder.LimitTable(peerLimit);

    /// <summary>Everything written has been taken: begins counting anew.</summary>
    public void OnFlushed() => Unflushed = 0;

    /// <summary>Moves what waited into the transport. Not while blocked.</summary>
    public void MoveQueue()
    {
        foreach (var piece in queue.Sequence) WriteToTransport(piece.Span);
        queue.Clear();
    }

    public void WritePreface() => WriteBytes(Preface.Bytes);

    public void WriteSettings(Http2Settings settings, bool isServer)
    {
        Span<byte> payload = stackalloc byte[6 * 6];
        int used = 0;
        Put(payload, ref used, isServer ? SettingId.MaxConcurrentStreams : SettingId.EnablePush, isServer ? (uint)settings.MaxConcurrentStreams : 0);
        Put(payload, ref used, SettingId.InitialWindowSize, (uint)settings.StreamWindowBytes);
        Put(payload, ref used, SettingId.MaxFrameSize, (uint)settings.MaxFrameBytes);
        Put(payload, ref used, SettingId.MaxHeaderListSize, (uint)settings.MaxHeaderListBytes);
        if (isServer && settings.ExtendedConnect) Put(payload, ref used, SettingId.EnableConnectProtocol, 1);
        WriteFrame(FrameType.Settings, FrameFlags.None, 0, payload[..used]);

        static void Put(Span<byte> payload, ref int used, SettingId id, uint value)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload[used..], (ushort)id);
            BinaryPrimitives.WriteUInt32BigEndian(payload[(used + 2)..], value);
            used += 6;
        }
    }

    public void WriteSettingsAck() => WriteFrame(FrameType.Settings, FrameFlags.Ack, 0, default);

    public void WritePing(ReadOnlySpan<byte> opaque, bool ack) => WriteFrame(FrameType.Ping, ack ? FrameFlags.Ack : FrameFlags.None, 0, opaque);

    public void WriteReset(int streamId, ErrorCode code) => WriteNumberFrame(FrameType.RstStream, streamId, (uint)code);

    public void WriteWindowUpdate(int streamId, int increment) => WriteNumberFrame(FrameType.WindowUpdate, streamId, (uint)increment);

    public void WriteGoAway(int lastStreamId, ErrorCode code, ReadOnlySpan<byte> debug)
    {
        Span<byte> payload = stackalloc byte[8 + 256];
        if (debug.Length > 256) debug = debug[..256];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)code);
        debug.CopyTo(payload[8..]);
        WriteFrame(FrameType.GoAway, FrameFlags.None, 0, payload[..(8 + debug.Length)]);
    }

    /// <summary>HEADERS, with CONTINUATION where the peer's frame size demands it.</summary>
    public void WriteHead(int streamId, HeaderList fields, bool endStream, int maxFrameBytes) => WriteBlock(streamId, encoder.Encode(fields).Span, endStream, maxFrameBytes);

    /// <inheritdoc cref="WriteHead(int, HeaderList, bool, int)"/>
    public void WriteHead(int streamId, ResponseHead head, bool endStream, int maxFrameBytes)
    {
        encoder.Begin();
        Http2Messages.WriteResponse(head, encoder);
        WriteBlock(streamId, encoder.Block.Span, endStream, maxFrameBytes);
    }

    private void WriteBlock(int streamId, ReadOnlySpan<byte> block, bool endStream, int maxFrameBytes)
    {
        var type = FrameType.Headers;
        var flags = endStream ? FrameFlags.EndStream : FrameFlags.None;
        do
        {
            var fragment = block[..Math.Min(block.Length, maxFrameBytes)];
            block = block[fragment.Length..];
            if (block.IsEmpty) flags |= FrameFlags.EndHeaders;
            WriteFrame(type, flags, streamId, fragment);
            (type, flags) = (FrameType.Continuation, FrameFlags.None);
        }
        while (!block.IsEmpty);
    }

    /// <summary>One DATA frame. Not while <see cref="MustWait"/>.</summary>
    public void WriteData(int streamId, in ReadOnlySequence<byte> data, bool endStream)
    {
        WriteDataHeader(streamId, (int)data.Length, endStream);
        foreach (var part in data) WriteToTransport(part.Span);
    }

    /// <summary>One DATA frame with the first bytes of the stream's output. Not while <see cref="MustWait"/>.</summary>
    public void WriteData(int streamId, StreamOutput source, int length, bool endStream)
    {
        WriteDataHeader(streamId, length, endStream);
        while (length > 0)
        {
            var target = output.GetSpan();
            int count = Math.Min(target.Length, length);
            source.Take(target[..count]);
            Advance(count);
            length -= count;
        }
    }

    private void WriteDataHeader(int streamId, int length, bool endStream)
    {
        new FrameHeader(length, FrameType.Data, endStream ? FrameFlags.EndStream : FrameFlags.None, streamId).Write(output.GetSpan(FrameHeader.Size));
        Advance(FrameHeader.Size);
    }

    private void WriteNumberFrame(FrameType type, int streamId, uint number)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        WriteFrame(type, FrameFlags.None, streamId, payload);
    }

    private void WriteFrame(FrameType type, FrameFlags flags, int streamId, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[FrameHeader.Size];
        new FrameHeader(payload.Length, type, flags, streamId).Write(header);
        WriteBytes(header);
        WriteBytes(payload);
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!MustWait)
        {
            WriteToTransport(bytes);
            return;
        }
        HasOverflowed |= queue.Length + bytes.Length > maxQueuedBytes;
        if (!HasOverflowed) queue.Append(bytes);
    }

    private void WriteToTransport(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var target = output.GetSpan();
            int count = Math.Min(target.Length, bytes.Length);
            bytes[..count].CopyTo(target);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    private void Advance(int bytes)
    {
        output.Advance(bytes);
        Unflushed += bytes;
    }
}
