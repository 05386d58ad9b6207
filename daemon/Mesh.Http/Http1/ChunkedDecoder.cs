using System.Buffers;

namespace Mesh.Http.Http1;

/// <summary>The state of a chunked body (RFC 9112 7.1): consumes framing, leaves data to the caller. Chunk extensions are dropped.</summary>
internal struct ChunkedDecoder
{
    /// <summary>A size line longer than this is an attack or an extension nobody uses.</summary>
    private const int MaxSizeLine = 256;

    private bool inData;
    private bool dataEnds;

    /// <summary>Bytes of the current chunk that have not been consumed.</summary>
    public long Remaining { get; private set; }

    public bool Ended { get; private set; }

    public void Reset() => this = default;

    public void Consume(long bytes)
    {
        Remaining -= bytes;
        if (Remaining > 0) return;
        inData = false;
        dataEnds = true;
    }

    /// <summary>Advances over framing at the start of the buffer.</summary>
    /// <returns>True when data is at the start of what is left, or the body has ended; false when more bytes are needed.</returns>
    public bool TryAdvance(ref ReadOnlySequence<byte> buffer, HttpLimits limits, HeaderList trailers)
    {
        if (inData || Ended) return true;
        if (dataEnds && !TrySkipDataEnd(ref buffer)) return false;
        if (!TryTakeLine(buffer, MaxSizeLine, out var line, out var next)) return false;
        long size = ParseSize(line);
        if (size == 0) return TryTakeTrailers(ref buffer, next, limits, trailers);
        buffer = buffer.Slice(next);
        (Remaining, inData) = (size, true);
        return true;
    }

    private bool TrySkipDataEnd(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < 2) return false;
        Span<byte> end = stackalloc byte[2];
        buffer.Slice(0, 2).CopyTo(end);
        if (!end.SequenceEqual("\r\n"u8)) Http1Parser.Refuse(400, "a chunk is longer than its size says");
        buffer = buffer.Slice(2);
        dataEnds = false;
        return true;
    }

    private bool TryTakeTrailers(ref ReadOnlySequence<byte> buffer, SequencePosition start, HttpLimits limits, HeaderList trailers)
    {
        var rest = buffer.Slice(start);
        trailers.Clear();
        while (TryTakeLine(rest, limits.MaxHeadBytes, out var line, out var next))
        {
            rest = rest.Slice(next);
            if (line.IsEmpty)
            {
                ForbiddenTrailers.Drop(trailers);
                buffer = rest;
                Ended = true;
                return true;
            }
            Http1Parser.ParseFields([.. line, (byte)'\r', (byte)'\n'], limits, trailers);
            if (trailers.ByteCount > limits.MaxHeadBytes) Http1Parser.Refuse(431, "the trailers are too long");
        }
        return false;
    }

    private static bool TryTakeLine(in ReadOnlySequence<byte> buffer, int limit, out ReadOnlySpan<byte> line, out SequencePosition next)
    {
        line = default;
        next = default;
        var feed = buffer.PositionOf((byte)'\n');
        if (feed is null)
        {
            if (buffer.Length > limit) Http1Parser.Refuse(400, "a line of the chunked body is too long");
            return false;
        }
        var whole = buffer.Slice(0, feed.Value);
        if (whole.Length > limit) Http1Parser.Refuse(400, "a line of the chunked body is too long");
        line = whole.IsSingleSegment ? whole.FirstSpan : whole.ToArray();
        if (line.IsEmpty || line[^1] != '\r' || line[..^1].Contains((byte)'\r'))
            Http1Parser.Refuse(400, "a line of the chunked body does not end in CRLF");
        line = line[..^1];
        next = buffer.GetPosition(1, feed.Value);
        return true;
    }

    private static long ParseSize(ReadOnlySpan<byte> line)
    {
        int digits = line.IndexOfAny("; \t"u8);
        var text = digits < 0 ? line : line[..digits];
        if (text.Length is 0 or > 15) Http1Parser.Refuse(400, "a chunk size is not a hexadecimal number");
        if (digits >= 0 && !Http1Parser.IsFieldValue(line[digits..])) Http1Parser.Refuse(400, "a chunk extension holds a control byte");
        if (digits >= 0 && line[digits..].TrimStart(" \t"u8) is not [(byte)';', ..]) Http1Parser.Refuse(400, "a chunk size is followed by garbage");
        long size = 0;
        foreach (byte digit in text)
        {
            int value = HexValue(digit);
            if (value < 0) Http1Parser.Refuse(400, "a chunk size is not a hexadecimal number");
            size = size * 16 + value;
        }
        return size;
    }

    private static int HexValue(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
