using System.Text;

namespace Mesh.Http.Http1;

internal enum BodyMode
{
    None,
    Length,
    Chunked,

    /// <summary>Responses only.</summary>
    UntilClose,
}

/// <summary>Where a message ends (RFC 9112 6.3), refusing every ambiguity that request smuggling lives on.</summary>
internal static class Http1Framing
{
    public static (BodyMode Mode, long Length) OfRequest(RequestHead head)
    {
        bool chunked = IsChunked(head.Headers, head.IsHttp10, status: 400, statusOfUnknown: 501);
        long length = ContentLength(head.Headers, status: 400);
        if (chunked && length >= 0) Http1Parser.Refuse(400, "Content-Length together with Transfer-Encoding");
        if (chunked) return (BodyMode.Chunked, -1);
        return length > 0 ? (BodyMode.Length, length) : (BodyMode.None, 0);
    }

    public static (BodyMode Mode, long Length) OfResponse(ResponseHead head, bool toHead)
    {
        if (head.IsInterim || head.Status == 204) return (BodyMode.None, 0);
        // Passed on where no body follows, too: to HTTP/2 a wrong one makes the message malformed.
        long length = ContentLength(head.Headers, status: 502);
        if (toHead || head.Status == 304) return (BodyMode.None, 0);
        bool chunked = IsChunked(head.Headers, head.IsHttp10, status: 502, statusOfUnknown: 502);
        if (chunked && length >= 0) Http1Parser.Refuse(502, "the upstream sent Content-Length together with Transfer-Encoding");
        if (chunked) return (BodyMode.Chunked, -1);
        if (length >= 0) return (length > 0 ? BodyMode.Length : BodyMode.None, length);
        return (BodyMode.UntilClose, -1);
    }

    /// <summary>Whether the connection stays usable as far as the message's own headers say (RFC 9112 9.3): close goes before keep-alive.</summary>
    public static bool IsPersistent(HeaderList headers, bool isHttp10) =>
        !HasToken(headers, "connection"u8, "close"u8) && (!isHttp10 || HasToken(headers, "connection"u8, "keep-alive"u8));

    /// <summary>Whether a comma-separated field lists the token, over all its lines.</summary>
    public static bool HasToken(HeaderList headers, ReadOnlySpan<byte> name, ReadOnlySpan<byte> token)
    {
        for (int i = headers.IndexOf(name); i >= 0; i = headers.IndexOf(name, i + 1))
        {
            var value = headers.Value(i);
            foreach (var range in value.Split((byte)','))
            {
                if (Ascii.EqualsIgnoreCase(value[range].Trim(" \t"u8), token)) return true;
            }
        }
        return false;
    }

    private static bool IsChunked(HeaderList headers, bool isHttp10, int status, int statusOfUnknown)
    {
        int index = headers.IndexOf("transfer-encoding"u8);
        if (index < 0) return false;
        // Transfer codings did not exist in HTTP/1.0: what follows such a message cannot be framed (RFC 9112 6.1).
        if (isHttp10) Http1Parser.Refuse(status, "Transfer-Encoding in HTTP/1.0");
        if (headers.IndexOf("transfer-encoding"u8, index + 1) >= 0) Http1Parser.Refuse(status, "more than one Transfer-Encoding");
        if (!Ascii.EqualsIgnoreCase(headers.Value(index), "chunked"u8)) Http1Parser.Refuse(statusOfUnknown, "a transfer coding other than chunked");
        return true;
    }

    /// <param name="status">Of a refusal: 400 for a request, 502 for a response.</param>
    /// <returns>-1 without the field.</returns>
    private static long ContentLength(HeaderList headers, int status)
    {
        int index = headers.IndexOf("content-length"u8);
        if (index < 0) return -1;
        if (headers.IndexOf("content-length"u8, index + 1) >= 0) Http1Parser.Refuse(status, "more than one Content-Length");
        var value = headers.Value(index);
        if (value.Length is 0 or > 18) Http1Parser.Refuse(status, "Content-Length is not a length");
        long length = 0;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9') Http1Parser.Refuse(status, "Content-Length is not a number");
            length = length * 10 + digit - '0';
        }
        return length;
    }
}
