namespace Mesh.Http.Http2;

/// <summary>Puts the fragments of HEADERS and CONTINUATION together (RFC 9113 4.3). Bounded in bytes and in frames.</summary>
internal sealed class HeaderBlock(int maxBytes, int maxContinuations)
{
    private byte[] bytes = [];
    private int used;
    private int continuations;

    /// <summary>The stream whose block is incomplete; 0 when none is. Only its CONTINUATION may follow.</summary>
    public int OpenStreamId { get; private set; }

    /// <summary>Of the HEADERS frame that began the block.</summary>
    public bool EndStream { get; private set; }

    /// <summary>Any frame's header: while a block is open, only its CONTINUATION is right; otherwise CONTINUATION is wrong (6.10).</summary>
    public void Check(in FrameHeader frame)
    {
        bool continues = frame.Type == FrameType.Continuation;
        if (OpenStreamId == 0 ? !continues : continues && frame.StreamId == OpenStreamId) return;
        throw new Http2ProtocolException(ErrorCode.ProtocolError, OpenStreamId == 0
            ? $"CONTINUATION on stream {frame.StreamId} without HEADERS before it (RFC 9113 6.10)"
            : $"{frame.Type} on stream {frame.StreamId} inside the header block of stream {OpenStreamId} (RFC 9113 6.10)");
    }

    /// <returns>True when the block is complete: <paramref name="block"/> is valid until the next call.</returns>
    public bool Add(scoped in FrameHeader frame, ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> block)
    {
        bool complete = frame.Has(FrameFlags.EndHeaders);
        if (frame.Type == FrameType.Headers)
        {
            payload = Fragment(frame, payload);
            (EndStream, used, continuations) = (frame.Has(FrameFlags.EndStream), 0, 0);
            block = payload;
            if (complete) return true;
        }
        else if (++continuations > maxContinuations)
        {
            throw new Http2ProtocolException(ErrorCode.EnhanceYourCalm, $"more than {maxContinuations} CONTINUATION frames for stream {frame.StreamId}");
        }
        Append(payload);
        OpenStreamId = complete ? 0 : frame.StreamId;
        block = bytes.AsSpan(0, used);
        return complete;
    }

    private static ReadOnlySpan<byte> Fragment(scoped in FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        payload = FrameParser.WithoutPadding(frame, payload);
        if (!frame.Has(FrameFlags.Priority)) return payload;
        // Priority is deprecated (5.3.2): the five bytes are passed over once they make sense.
        if (payload.Length < 5) throw new Http2ProtocolException(ErrorCode.FrameSizeError, "HEADERS frame too short for its priority fields (RFC 9113 6.2)");
        FrameRules.CheckDependency(frame, payload);
        return payload[5..];
    }

    private void Append(ReadOnlySpan<byte> fragment)
    {
        if (used + fragment.Length > maxBytes)
            throw new Http2ProtocolException(ErrorCode.EnhanceYourCalm, $"a header block of more than {maxBytes} bytes");
        if (used + fragment.Length > bytes.Length) Array.Resize(ref bytes, Math.Max(1024, 2 * (used + fragment.Length)));
        fragment.CopyTo(bytes.AsSpan(used));
        used += fragment.Length;
    }
}
