using System.Text;
using Mesh.Http;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Tracing;

/// <summary>The trace that a request belongs to: continued with a span of our own where the client names one (W3C Trace Context, B3), begun where it
/// does not; and the request's id. One per downstream connection, used for one request after the other. Allocates nothing.</summary>
internal sealed class TraceHeaders(BitSource bits)
{
    private const int TraceDigits = 32, RequestIdLength = 36;

    private readonly byte[] traceId = new byte[TraceDigits];
    private bool known;

    [Flags]
    private enum Found
    {
        None = 0,
        TraceParent = 1,
        TwoTraceParents = 2,
        TraceState = 4,
        B3Single = 8,
        B3Multi = 16,
        B3Decision = 32,
        RequestId = 64,
    }

    /// <summary>32 digits of the request at hand; empty if it is not traced.</summary>
    public ReadOnlySpan<byte> TraceId => known ? traceId : default;

    /// <summary>Changes the headers of a request that is to be forwarded.</summary>
    public void Continue(HeaderList headers, TracingModel tracing)
    {
        known = false;
        if (!tracing.Enabled) return;
        var found = Look(headers);
        ulong span = Math.Max(1, bits.Next64());
        if ((found & (Found.TraceParent | Found.TraceState)) != 0) known = ContinueW3C(headers, found, span);
        if ((found & (Found.B3Single | Found.B3Multi)) != 0) ContinueB3(headers, found, span);
        if (!known) Begin(headers, found, span, tracing);
        if ((found & Found.RequestId) == 0) AddRequestId(headers);
    }

    /// <summary>One walk over the fields; most have a name of another length.</summary>
    private static Found Look(HeaderList headers)
    {
        var found = Found.None;
        for (int i = 0; i < headers.Count; i++)
        {
            var name = headers.Name(i);
            switch (name.Length)
            {
                case 2 when Is(name, "b3"u8): found |= headers.Value(i).Length == 1 ? Found.B3Decision : Found.B3Single; break;
                case 10 when Is(name, "tracestate"u8): found |= Found.TraceState; break;
                case 10 when Is(name, "x-b3-flags"u8): found |= Found.B3Decision; break;
                case 11 when Is(name, "traceparent"u8): found |= (found & Found.TraceParent) == 0 ? Found.TraceParent : Found.TwoTraceParents; break;
                case 11 when Is(name, "x-b3-spanid"u8): found |= Found.B3Multi; break;
                case 12 when Is(name, "x-b3-traceid"u8): found |= Found.B3Multi; break;
                case 12 when Is(name, "x-b3-sampled"u8): found |= Found.B3Decision; break;
                case 12 when Is(name, "x-request-id"u8): found |= Found.RequestId; break;
            }
        }
        return found;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) => Ascii.EqualsIgnoreCase(name, wanted);

    /// <summary>W3C 4.3: a traceparent that cannot be read, or more than one, restarts the trace; tracestate is nothing without it.</summary>
    private bool ContinueW3C(HeaderList headers, Found found, ulong span)
    {
        headers.TryGet("traceparent"u8, out var value);
        if ((found & Found.TwoTraceParents) != 0 || !TraceParent.TryParse(value, out var id, out byte flags))
        {
            headers.Remove("traceparent"u8);
            headers.Remove("tracestate"u8);
            return false;
        }
        id.CopyTo(traceId);
        SetTraceParent(headers, span, flags);
        return true;
    }

    /// <summary>A request with both forms gets the same span in both; the W3C trace is the one that is recorded.</summary>
    private void ContinueB3(HeaderList headers, Found found, ulong span)
    {
        Span<byte> id = stackalloc byte[TraceDigits];
        bool traced = (found & Found.B3Single) != 0 && B3.ContinueSingle(headers, span, id);
        traced |= (found & Found.B3Multi) != 0 && B3.ContinueMulti(headers, span, id);
        if (!traced || known) return;
        id.CopyTo(traceId);
        known = true;
    }

    private void Begin(HeaderList headers, Found found, ulong span, TracingModel tracing)
    {
        Hex.Write(Math.Max(1, bits.Next64()), traceId);
        Hex.Write(bits.Next64(), traceId.AsSpan(16));
        bool? asked = (found & Found.B3Decision) != 0 ? B3.Decision(headers) : null;
        SetTraceParent(headers, span, TraceParent.FlagsOf(asked ?? tracing.Sampling.Takes(bits.Next32())));
        known = true;
    }

    private void SetTraceParent(HeaderList headers, ulong span, byte flags)
    {
        Span<byte> text = stackalloc byte[TraceParent.Length];
        TraceParent.Write(text, traceId, span, flags);
        headers.Set("traceparent"u8, text);
    }

    /// <summary>A random UUID (RFC 9562 5.4).</summary>
    private void AddRequestId(HeaderList headers)
    {
        Span<byte> digits = stackalloc byte[32], text = stackalloc byte[RequestIdLength];
        Hex.Write(bits.Next64() & ~0xF000UL | 0x4000, digits);
        Hex.Write(bits.Next64() & ~(3UL << 62) | 1UL << 63, digits[16..]);
        text.Fill((byte)'-');
        digits[..8].CopyTo(text);
        digits[8..12].CopyTo(text[9..]);
        digits[12..16].CopyTo(text[14..]);
        digits[16..20].CopyTo(text[19..]);
        digits[20..].CopyTo(text[24..]);
        headers.Add("x-request-id"u8, text);
    }
}
