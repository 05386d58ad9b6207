using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Mesh.Http.Http1;

namespace Mesh.Http.Http2;

/// <summary>What makes a head well-formed (RFC 9113 8.2, 8.3). Each check gives the reason, null when the head is right.
/// A malformed message resets its stream with PROTOCOL_ERROR (8.1.1).</summary>
internal static class MessageRules
{
    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    [Flags]
    private enum Pseudo
    {
        None = 0,
        Method = 1,
        Scheme = 2,
        Path = 4,
        Authority = 8,
        Status = 16,
        Protocol = 32,
    }

    /// <param name="extendedConnect">CONNECT for another protocol was offered (RFC 8441).</param>
    public static string? CheckRequest(HeaderList head, bool extendedConnect)
    {
        var allowed = Pseudo.Method | Pseudo.Scheme | Pseudo.Path | Pseudo.Authority | (extendedConnect ? Pseudo.Protocol : Pseudo.None);
        if (CheckFields(head, allowed, out var seen) is { } wrong) return wrong;
        if ((seen & Pseudo.Method) == 0) return "no :method";
        head.TryGet(":method"u8, out var method);
        if (!Http1Parser.IsToken(method)) return ":method is not a token (RFC 9110 9.1)";
        bool connect = method.SequenceEqual("CONNECT"u8);
        if ((seen & Pseudo.Protocol) != 0)
        {
            if (!connect) return ":protocol without CONNECT (RFC 8441 4)";
            head.TryGet(":protocol"u8, out var protocol);
            if (!Http1Parser.IsToken(protocol)) return ":protocol is not a token (RFC 8441 4)";
        }
        else if (connect)
        {
            if (seen != (Pseudo.Method | Pseudo.Authority)) return "CONNECT has :method and :authority and nothing else (RFC 9113 8.5)";
            return CheckAuthority(head);
        }
        if ((seen & (Pseudo.Scheme | Pseudo.Path)) != (Pseudo.Scheme | Pseudo.Path)) return "no :scheme or no :path";
        return CheckPath(head, method) ?? CheckAuthority(head) ?? CheckHost(head);
    }

    public static string? CheckResponse(HeaderList head, out int status)
    {
        status = 0;
        if (CheckFields(head, Pseudo.Status, out var seen) is { } wrong) return wrong;
        if (seen == 0 || !head.TryGet(":status"u8, out var text)) return "no :status";
        bool valid = text.Length == 3 && Utf8Parser.TryParse(text, out status, out int used) && used == 3 && status >= 100;
        if (!valid) return ":status is not three digits";
        return status == 101 ? "status 101 does not exist in HTTP/2 (RFC 9113 8.6)" : null;
    }

    /// <summary>A 1xx response: another head follows.</summary>
    public static bool IsInterim(HeaderList head) => head.TryGet(":status"u8, out var status) && status.Length == 3 && status[0] == '1';

    public static string? CheckTrailers(HeaderList trailers) => CheckFields(trailers, Pseudo.None, out _);

    /// <summary>The length that content-length promises; -1 if there is none. Several equal values count as one (RFC 9110 8.6).</summary>
    public static bool TryGetContentLength(HeaderList head, out long length)
    {
        length = -1;
        for (int i = head.IndexOf("content-length"u8); i >= 0; i = head.IndexOf("content-length"u8, i + 1))
        {
            var text = head.Value(i);
            bool valid = !text.ContainsAnyExceptInRange((byte)'0', (byte)'9')
                && Utf8Parser.TryParse(text, out long value, out int used) && used == text.Length
                && (length < 0 || length == value);
            if (!valid) return false;
            Utf8Parser.TryParse(text, out length, out _);
        }
        return true;
    }

    private static string? CheckFields(HeaderList head, Pseudo allowed, out Pseudo seen)
    {
        seen = Pseudo.None;
        bool regularSeen = false;
        for (int i = 0; i < head.Count; i++)
        {
            var name = head.Name(i);
            var value = head.Value(i);
            if (name.IsEmpty) return "a field without a name";
            if (CheckValue(value) is { } wrongValue) return wrongValue;
            if (name[0] != ':')
            {
                regularSeen = true;
                if (CheckRegular(name, value) is { } wrong) return wrong;
                continue;
            }
            var pseudo = Parse(name);
            if (regularSeen) return "a pseudo-header field after a regular one (RFC 9113 8.3)";
            if ((allowed & pseudo) == 0) return $"pseudo-header field {Encoding.Latin1.GetString(name)} is unknown or not for this message (RFC 9113 8.3)";
            if ((seen & pseudo) != 0) return $"pseudo-header field {Encoding.Latin1.GetString(name)} twice (RFC 9113 8.3)";
            seen |= pseudo;
        }
        return null;
    }

    private static Pseudo Parse(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(":method"u8) ? Pseudo.Method
        : name.SequenceEqual(":path"u8) ? Pseudo.Path
        : name.SequenceEqual(":scheme"u8) ? Pseudo.Scheme
        : name.SequenceEqual(":authority"u8) ? Pseudo.Authority
        : name.SequenceEqual(":status"u8) ? Pseudo.Status
        : name.SequenceEqual(":protocol"u8) ? Pseudo.Protocol
        : Pseudo.None;

    [SuppressMessage("Style", "IDE0072", Justification = "lengths are an open set")]
    private static string? CheckRegular(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.ContainsAnyExcept(NameBytes)) return "a field name has a byte that is not allowed, or an upper-case letter (RFC 9113 8.2.1)";
        bool connectionSpecific = name.Length switch
        {
            2 => name.SequenceEqual("te"u8) && !value.SequenceEqual("trailers"u8),
            7 => name.SequenceEqual("upgrade"u8),
            10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8),
            16 => name.SequenceEqual("proxy-connection"u8),
            17 => name.SequenceEqual("transfer-encoding"u8),
            _ => false,
        };
        return connectionSpecific ? $"field {Encoding.Latin1.GetString(name)} belongs to HTTP/1.1 connections (RFC 9113 8.2.2)" : null;
    }

    private static string? CheckValue(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return null;
        if (value[0] is (byte)' ' or (byte)'\t' || value[^1] is (byte)' ' or (byte)'\t') return "white space around a field value (RFC 9113 8.2.1)";
        // More than 8.2.1 demands, as RFC 9110 5.5 allows: a control byte would not pass the next hop if that speaks HTTP/1.1.
        return Http1Parser.IsFieldValue(value) ? null : "a field value contains a control byte (RFC 9113 8.2.1)";
    }

    private static string? CheckPath(HeaderList head, ReadOnlySpan<byte> method)
    {
        head.TryGet(":path"u8, out var path);
        head.TryGet(":scheme"u8, out var scheme);
        if (!Http1Parser.IsTarget(path) || !Http1Parser.IsTarget(scheme)) return ":path or :scheme holds a byte that a URI cannot (RFC 9113 8.3.1)";
        // Others are for proxies of other protocols. What stands here goes before the authority when somebody writes a URI of it.
        if (!scheme.SequenceEqual("http"u8) && !scheme.SequenceEqual("https"u8)) return ":scheme is neither http nor https (RFC 9113 8.3.1)";
        if (path.IsEmpty) return ":path is empty (RFC 9113 8.3.1)";
        if (path[0] == '/') return null;
        bool asterisk = path.SequenceEqual("*"u8) && method.SequenceEqual("OPTIONS"u8);
        return asterisk ? null : ":path does not begin with / (RFC 9113 8.3.1)";
    }

    /// <summary>Without user information, which is not sent to origins (RFC 9113 8.3.1).</summary>
    private static string? CheckAuthority(HeaderList head) =>
        head.TryGet(":authority"u8, out var authority) && !Http1Parser.IsAuthority(authority) ? ":authority is not host:port (RFC 9113 8.3.1)" : null;

    private static string? CheckHost(HeaderList head)
    {
        // Two opinions on the target would let a request pass one hop's rules and be served by another's (8.3.1).
        int host = head.IndexOf("host"u8);
        if (host < 0) return null;
        if (head.IndexOf("host"u8, host + 1) >= 0) return "two host fields (RFC 9110 7.2)";
        if (!Http1Parser.IsAuthority(head.Value(host))) return "host is not host:port (RFC 9110 7.2)";
        bool differs = head.TryGet(":authority"u8, out var authority) && !Ascii.EqualsIgnoreCase(authority, head.Value(host));
        return differs ? "host differs from :authority (RFC 9113 8.3.1)" : null;
    }
}
