using System.Buffers;

namespace Mesh.Http.Http2;

/// <summary>Receives frames in order. Any method may throw <see cref="Http2ProtocolException"/> to end the connection.</summary>
internal interface IFrameHandler
{
    /// <summary>Called first for every frame whose header is valid, before its payload has arrived.</summary>
    void OnFrame(in FrameHeader frame);

    /// <summary>The complete payload of any frame but DATA.</summary>
    void OnPayload(in FrameHeader frame, ReadOnlySpan<byte> payload);

    /// <summary>A DATA payload as far as it has arrived, without padding; several times per frame, the last time with <paramref name="last"/>.</summary>
    void OnData(in FrameHeader frame, in ReadOnlySequence<byte> part, bool last);
}

/// <summary>Cuts a byte stream into frames. DATA is handed on as it arrives; other payloads are waited for, and are bounded;
/// frames of unknown type are skipped as they arrive (5.5).</summary>
/// <param name="maxFrameBytes">What we announced.</param>
/// <param name="maxHeldBytes">Largest payload that is waited for.</param>
internal sealed class FrameParser(int maxFrameBytes, int maxHeldBytes)
{
    private FrameHeader frame;
    private Step step;
    private int remaining; // of the DATA payload or of what is skipped
    private int padding;
    private byte[] scratch = [];

    private enum Step
    {
        Header,
        Payload,
        PadLength,
        Data,
        Skip,
    }

    /// <returns>How far the input was consumed. All of it was examined.</returns>
    public SequencePosition Parse<THandler>(in ReadOnlySequence<byte> input, THandler handler)
        where THandler : IFrameHandler
    {
        var rest = input;
        while (TryStep(ref rest, handler))
        {
        }
        return rest.Start;
    }

    private bool TryStep<THandler>(ref ReadOnlySequence<byte> rest, THandler handler)
        where THandler : IFrameHandler => step switch
        {
            Step.Header => TryHeader(ref rest, handler),
            Step.Payload => TryPayload(ref rest, handler),
            Step.PadLength => TryPadLength(ref rest),
            Step.Data => TryData(ref rest, handler),
            _ => TrySkip(ref rest),
        };

    private bool TryHeader<THandler>(ref ReadOnlySequence<byte> rest, THandler handler)
        where THandler : IFrameHandler
    {
        if (rest.Length < FrameHeader.Size) return false;
        Span<byte> bytes = stackalloc byte[FrameHeader.Size];
        rest.Slice(0, FrameHeader.Size).CopyTo(bytes);
        rest = rest.Slice(FrameHeader.Size);
        frame = FrameHeader.Read(bytes);
        FrameRules.Check(frame, maxFrameBytes);
        handler.OnFrame(frame);
        (remaining, padding) = (frame.Length, 0);
        if (frame.Type == FrameType.Data) step = frame.Has(FrameFlags.Padded) ? Step.PadLength : Step.Data;
        else if (frame.Type > FrameType.Continuation) step = Step.Skip;
        else if (frame.Length > maxHeldBytes) throw TooLong();
        else step = Step.Payload;
        return true;
    }

    private bool TryPayload<THandler>(ref ReadOnlySequence<byte> rest, THandler handler)
        where THandler : IFrameHandler
    {
        if (rest.Length < frame.Length) return false;
        var payload = rest.Slice(0, frame.Length);
        rest = rest.Slice(frame.Length);
        step = Step.Header;
        handler.OnPayload(frame, payload.IsSingleSegment ? payload.FirstSpan : Gather(payload));
        return true;
    }

    private ReadOnlySpan<byte> Gather(in ReadOnlySequence<byte> payload)
    {
        int length = (int)payload.Length;
        if (scratch.Length < length) scratch = new byte[Math.Max(512, length)];
        payload.CopyTo(scratch);
        return scratch.AsSpan(0, length);
    }

    private bool TryPadLength(ref ReadOnlySequence<byte> rest)
    {
        if (remaining == 0) throw new Http2ProtocolException(ErrorCode.FrameSizeError, "a padded DATA frame has no pad length (RFC 9113 6.1)");
        if (rest.IsEmpty) return false;
        padding = rest.FirstSpan[0];
        rest = rest.Slice(1);
        remaining--;
        if (padding > remaining) throw PaddingTooLong(frame);
        step = Step.Data;
        return true;
    }

    private bool TryData<THandler>(ref ReadOnlySequence<byte> rest, THandler handler)
        where THandler : IFrameHandler
    {
        int wanted = remaining - padding;
        int count = (int)Math.Min(wanted, rest.Length);
        bool last = count == wanted;
        if (count == 0 && !last) return false;
        var part = rest.Slice(0, count);
        rest = rest.Slice(count);
        remaining -= count;
        if (last) step = Step.Skip; // what remains is padding
        handler.OnData(frame, part, last);
        return true;
    }

    private bool TrySkip(ref ReadOnlySequence<byte> rest)
    {
        int count = (int)Math.Min(remaining, rest.Length);
        rest = rest.Slice(count);
        remaining -= count;
        if (remaining > 0) return false;
        step = Step.Header;
        return true;
    }

    /// <summary>The content of a payload that may be padded: HEADERS.</summary>
    public static ReadOnlySpan<byte> WithoutPadding(scoped in FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        if (!frame.Has(FrameFlags.Padded)) return payload;
        if (payload.IsEmpty) throw new Http2ProtocolException(ErrorCode.FrameSizeError, $"a padded {frame.Type} frame has no pad length (RFC 9113 6.2)");
        int padding = payload[0];
        if (padding > payload.Length - 1) throw PaddingTooLong(frame);
        return payload[1..^padding];
    }

    private static Http2ProtocolException PaddingTooLong(scoped in FrameHeader frame) =>
        new(ErrorCode.ProtocolError, $"{frame.Type} frame on stream {frame.StreamId} has more padding than payload (RFC 9113 6.1)");

    private Http2ProtocolException TooLong() =>
        new(ErrorCode.EnhanceYourCalm, $"{frame.Type} frame of {frame.Length} bytes: more than the {maxHeldBytes} that are accepted for its kind");
}
