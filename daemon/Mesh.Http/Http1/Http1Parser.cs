using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Mesh.Http.Http1;

/// <summary>Heads of RFC 9112, strictly: CRLF only, no folding, no white space before a colon, token names, no control bytes.
/// What two implementations could read differently is refused (sections 2.2, 5.1, 5.2, 11.2).</summary>
public static class Http1Parser
{
    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> ValueBytes = SearchValues.Create(
        [(byte)'\t', .. Enumerable.Range(0x20, 0x5F).Select(static b => (byte)b), .. Enumerable.Range(0x80, 0x80).Select(static b => (byte)b)]);

    /// <summary>Visible ASCII without # (a fragment is never sent), " and the braces and brackets that URIs exclude stay allowed: real clients send them.</summary>
    private static readonly SearchValues<byte> TargetBytes =
        SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Where(static b => b != '#').Select(static b => (byte)b)]);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    public static bool IsFieldValue(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(ValueBytes);

    public static bool IsAuthority(ReadOnlySpan<byte> text) => HostSyntax.IsHostAndPort(text);

    /// <summary>Looks for a whole request head at the start of the buffer.</summary>
    /// <param name="headLength">Bytes of the head with its empty line, when the result is true.</param>
    /// <exception cref="HttpMessageException">400, 414, 431 or 505, with what is wrong. The head has what was read before it.</exception>
    public static bool TryParseRequest(in ReadOnlySequence<byte> buffer, HttpLimits limits, RequestHead head, out int headLength)
    {
        head.Clear();
        bool whole = TryFindHead(buffer, limits, out var bytes, out headLength);
        int lineEnd = FirstLineEnd(bytes);
        if (lineEnd >= 0) ParseRequestLine(bytes[..lineEnd], limits, head);
        if (!whole) return false;
        ParseFields(bytes[(lineEnd + 2)..^2], limits, head.Headers);
        TakeHost(head);
        return true;
    }

    /// <summary>Looks for a whole response head. Throws with 502 when the upstream broke the protocol.</summary>
    public static bool TryParseResponse(in ReadOnlySequence<byte> buffer, HttpLimits limits, ResponseHead head, out int headLength)
    {
        try
        {
            head.Clear();
            bool whole = TryFindHead(buffer, limits, out var bytes, out headLength);
            int lineEnd = FirstLineEnd(bytes);
            if (lineEnd >= 0) ParseStatusLine(bytes[..lineEnd], limits, head);
            if (!whole) return false;
            ParseFields(bytes[(lineEnd + 2)..^2], limits, head.Headers);
            return true;
        }
        catch (HttpMessageException error) when (error.Status != 502)
        {
            throw new HttpMessageException(502, $"the upstream's response is malformed: {error.Message}");
        }
    }

    /// <summary>Field lines, each with its CRLF; trailers use it too.</summary>
    public static void ParseFields(ReadOnlySpan<byte> lines, HttpLimits limits, HeaderList headers)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\r');
            if (end < 0 || end + 1 >= lines.Length || lines[end + 1] != '\n') Refuse(400, "a carriage return without line feed in the header");
            ParseField(lines[..end], headers);
            if (headers.Count > limits.MaxHeaderCount) Refuse(431, $"more than {limits.MaxHeaderCount} header fields");
            lines = lines[(end + 2)..];
        }
    }

    /// <summary>A carriage return alone ends a line for some and is a byte of it for others (RFC 9112 2.2).</summary>
    /// <returns>-1: it has not come yet. A line that is whole is judged before the rest of the head: what is no HTTP may never send that.</returns>
    private static int FirstLineEnd(ReadOnlySpan<byte> head)
    {
        int end = head.IndexOf((byte)'\r');
        if (end < 0 || end + 1 == head.Length) return -1;
        if (head[end + 1] != '\n') Refuse(400, "a carriage return without line feed in the first line");
        return end;
    }

    /// <param name="head">With its empty line; of an unfinished one what has come.</param>
    private static bool TryFindHead(in ReadOnlySequence<byte> buffer, HttpLimits limits, out ReadOnlySpan<byte> head, out int length)
    {
        var bytes = buffer.FirstSpan;
        length = bytes.IndexOf("\r\n\r\n"u8) + 4;
        if (length < 4 && !buffer.IsSingleSegment)
        {
            bytes = buffer.Slice(0, Math.Min(buffer.Length, limits.MaxHeadBytes + 4)).ToArray();
            length = bytes.IndexOf("\r\n\r\n"u8) + 4;
        }
        head = bytes;
        if (length < 4)
        {
            CheckUnfinished(bytes, limits);
            return false;
        }
        if (length > limits.MaxHeadBytes) Refuse(431, $"the header is longer than {limits.MaxHeadBytes} bytes");
        head = bytes[..length];
        return true;
    }

    /// <summary>Refuses early what no further byte can mend.</summary>
    private static void CheckUnfinished(ReadOnlySpan<byte> bytes, HttpLimits limits)
    {
        CheckLineEnds(bytes);
        int unended = bytes is [.., (byte)'\r'] ? bytes.Length - 1 : bytes.Length;
        if (!bytes.Contains((byte)'\n') && unended > limits.MaxRequestLineBytes) Refuse(414, $"the first line is longer than {limits.MaxRequestLineBytes} bytes");
        if (bytes.Length > limits.MaxHeadBytes) Refuse(431, $"the header is longer than {limits.MaxHeadBytes} bytes");
    }

    /// <summary>Who ends lines in another way thinks that the head is whole and waits for an answer.</summary>
    private static void CheckLineEnds(ReadOnlySpan<byte> bytes)
    {
        for (int at = bytes.IndexOfAny((byte)'\r', (byte)'\n'); at >= 0; at = bytes.IndexOfAny((byte)'\r', (byte)'\n'))
        {
            if (bytes[at] == '\n') Refuse(400, "a line feed without carriage return");
            if (at + 1 == bytes.Length) return;
            if (bytes[at + 1] != '\n') Refuse(400, "a carriage return without line feed");
            bytes = bytes[(at + 2)..];
        }
    }

    private static void ParseRequestLine(ReadOnlySpan<byte> line, HttpLimits limits, RequestHead head)
    {
        if (line.Length > limits.MaxRequestLineBytes) Refuse(414, $"the request line is longer than {limits.MaxRequestLineBytes} bytes");
        int methodEnd = line.IndexOf((byte)' ');
        int targetEnd = line.LastIndexOf((byte)' ');
        if (methodEnd <= 0 || targetEnd <= methodEnd + 1) Refuse(400, "the request line is not 'method target version'");
        if (!IsToken(line[..methodEnd])) Refuse(400, "the method is not a token");
        head.Method.Set(line[..methodEnd]);
        head.IsHttp10 = ParseVersion(line[(targetEnd + 1)..]);
        RequestTarget.Parse(line[(methodEnd + 1)..targetEnd], head);
    }

    private static void ParseStatusLine(ReadOnlySpan<byte> line, HttpLimits limits, ResponseHead head)
    {
        if (line.Length > limits.MaxRequestLineBytes) Refuse(502, $"the status line is longer than {limits.MaxRequestLineBytes} bytes");
        if (line.Length < 12 || line[8] != ' ' || (line.Length > 12 && line[12] != ' ')) Refuse(502, "the status line is not 'version status reason'");
        head.IsHttp10 = ParseVersion(line[..8]);
        int status = 0;
        foreach (byte digit in line.Slice(9, 3))
        {
            if (digit is < (byte)'0' or > (byte)'9') Refuse(502, "the status is not a number");
            status = status * 10 + digit - '0';
        }
        if (status < 100) Refuse(502, "the status is below 100");
        head.Status = status;
        if (line.Length <= 13) return;
        if (!IsFieldValue(line[13..])) Refuse(502, "the reason phrase holds a control byte");
        head.Reason.Set(line[13..]);
    }

    private static bool ParseVersion(ReadOnlySpan<byte> version)
    {
        if (version.SequenceEqual("HTTP/1.1"u8)) return false;
        if (version.SequenceEqual("HTTP/1.0"u8)) return true;
        bool isVersion = version.Length == 8 && version.StartsWith("HTTP/"u8) && version[6] == '.';
        if (!isVersion) Refuse(400, "the version is not HTTP/1.x");
        // A higher minor version is to be read as 1.1 (RFC 9110 2.5).
        if (version[5] == '1' && version[7] is >= (byte)'2' and <= (byte)'9') return false;
        Refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
        return false;
    }

    private static void ParseField(ReadOnlySpan<byte> line, HeaderList headers)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0) Refuse(400, "a header line has no name");
        var name = line[..colon];
        if (name.ContainsAnyExcept(TokenBytes))
            Refuse(400, name[0] is (byte)' ' or (byte)'\t' ? "a header line is folded" : "a header name is not a token");
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.ContainsAnyExcept(ValueBytes)) Refuse(400, "a header value holds a control byte");
        headers.Add(name, value);
    }

    /// <summary>RFC 9112 3.2: exactly one Host in HTTP/1.1. A target in absolute form counts instead, but one that names another host than Host is refused: the next
    /// hop could believe either.</summary>
    private static void TakeHost(RequestHead head)
    {
        int index = head.Headers.IndexOf("host"u8);
        if (index < 0)
        {
            if (!head.IsHttp10) Refuse(400, "there is no Host header");
            return;
        }
        if (head.Headers.IndexOf("host"u8, index + 1) >= 0) Refuse(400, "there is more than one Host header");
        var host = head.Headers.Value(index);
        if (!IsAuthority(host)) Refuse(400, "the Host header is not host:port");
        if (head.Authority.IsEmpty) head.Authority.Set(host);
        else if (!HostSyntax.AreSame(head.Authority.Span, host)) Refuse(400, "the request target and the Host header name different hosts");
        head.Headers.RemoveAt(index);
    }

    internal static bool IsTarget(ReadOnlySpan<byte> target) => !target.ContainsAnyExcept(TargetBytes);

    [DoesNotReturn]
    internal static void Refuse(int status, string reason) => throw new HttpMessageException(status, reason);
}
