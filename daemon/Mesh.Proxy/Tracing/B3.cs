using Mesh.Http;

namespace Mesh.Proxy.Tracing;

/// <summary>The headers of Zipkin's B3 propagation, in one header or in several. Our span becomes the parent of the next one.</summary>
internal static class B3
{
    private const int SpanDigits = 16, TraceDigits = 32;

    /// <summary>Sampled or not, where a client says only that and names no trace: "b3: 0", "x-b3-sampled: 1".</summary>
    public static bool? Decision(HeaderList headers)
    {
        if (headers.TryGet("x-b3-flags"u8, out var flags) && flags.SequenceEqual("1"u8)) return true;
        if (!headers.TryGet("b3"u8, out var value) && !headers.TryGet("x-b3-sampled"u8, out value)) return null;
        if (value.SequenceEqual("0"u8) || value.SequenceEqual("false"u8)) return false;
        return value.SequenceEqual("1"u8) || value.SequenceEqual("d"u8) || value.SequenceEqual("true"u8) ? true : null;
    }

    /// <summary>trace-span, trace-span-state or trace-span-state-parent. What is malformed is removed.</summary>
    /// <param name="traceId">Gets 32 digits when there is a trace.</param>
    public static bool ContinueSingle(HeaderList headers, ulong span, Span<byte> traceId)
    {
        if (!headers.TryGet("b3"u8, out var value) || value.Length == 1) return false;
        int dash = value.IndexOf((byte)'-');
        if (dash is not (SpanDigits or TraceDigits) || !IsContext(value[..dash], value[(dash + 1)..]))
        {
            headers.Remove("b3"u8);
            return false;
        }
        Pad(value[..dash], traceId);
        Span<byte> text = stackalloc byte[TraceDigits + 1 + SpanDigits + 3 + SpanDigits];
        int end = dash + 1 + SpanDigits;
        value[..end].CopyTo(text);
        Hex.Write(span, text[(dash + 1)..]);
        if (value.Length > end) end = AppendState(value[(dash + 1)..], text, end);
        headers.Set("b3"u8, text[..end]);
        return true;
    }

    /// <summary>x-b3-traceid and x-b3-spanid; the decision stands beside them and passes.</summary>
    /// <param name="traceId">Gets 32 digits when there is a trace.</param>
    public static bool ContinueMulti(HeaderList headers, ulong span, Span<byte> traceId)
    {
        headers.TryGet("x-b3-traceid"u8, out var trace);
        headers.TryGet("x-b3-spanid"u8, out var parent);
        headers.Remove("x-b3-parentspanid"u8);
        if (trace.Length is not (SpanDigits or TraceDigits) || !Hex.IsId(trace) || parent.Length != SpanDigits || !Hex.IsId(parent))
        {
            headers.Remove("x-b3-traceid"u8);
            headers.Remove("x-b3-spanid"u8);
            return false;
        }
        Pad(trace, traceId);
        Span<byte> digits = stackalloc byte[SpanDigits];
        parent.CopyTo(digits);
        headers.Add("x-b3-parentspanid"u8, digits);
        Hex.Write(span, digits);
        headers.Set("x-b3-spanid"u8, digits);
        return true;
    }

    /// <param name="rest">span[-state[-parent]]</param>
    private static bool IsContext(ReadOnlySpan<byte> trace, ReadOnlySpan<byte> rest)
    {
        if (!Hex.IsId(trace) || rest.Length < SpanDigits || !Hex.IsId(rest[..SpanDigits])) return false;
        rest = rest[SpanDigits..];
        if (rest.IsEmpty) return true;
        if (rest.Length < 2 || rest[0] != '-' || rest[1] is not ((byte)'0' or (byte)'1' or (byte)'d')) return false;
        rest = rest[2..];
        return rest.IsEmpty || rest.Length == 1 + SpanDigits && rest[0] == '-' && Hex.IsLower(rest[1..]);
    }

    /// <param name="rest">span-state…: the state is kept, the span becomes the parent.</param>
    private static int AppendState(ReadOnlySpan<byte> rest, Span<byte> text, int end)
    {
        rest.Slice(SpanDigits, 2).CopyTo(text[end..]);
        text[end + 2] = (byte)'-';
        rest[..SpanDigits].CopyTo(text[(end + 3)..]);
        return end + 3 + SpanDigits;
    }

    private static void Pad(ReadOnlySpan<byte> digits, Span<byte> traceId)
    {
        traceId[..TraceDigits].Fill((byte)'0');
        digits.CopyTo(traceId[(TraceDigits - digits.Length)..]);
    }
}
