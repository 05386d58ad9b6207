using System.Buffers.Text;
using Mesh.Http.Hpack;

namespace Mesh.Http.Http2;

/// <summary>Messages between their forms: a head with pseudo-header fields on the wire, the version-neutral heads everywhere else (RFC 9113 8.3).
/// What comes in has passed <see cref="MessageRules"/>.</summary>
internal static class Http2Messages
{
    /// <summary>A request as a server received it. A field of the wire that has its own place in the head is not repeated among the headers.</summary>
    /// <param name="fields">Empty afterwards.</param>
    public static void ReadRequest(HeaderList fields, RequestHead head)
    {
        head.Clear();
        int pseudo = 0;
        for (; pseudo < fields.Count && fields.Name(pseudo)[0] == ':'; pseudo++) ReadPseudo(fields.Name(pseudo), fields.Value(pseudo), head);
        bool isExtendedConnect = fields.TryGet(":protocol"u8, out var protocol);
        var headers = head.Headers;
        headers.TakeFrom(fields, pseudo);
        if (isExtendedConnect) headers.Add("upgrade"u8, protocol);
        TakeHost(head);
        RemoveRepeatedLengths(headers);
        JoinCookies(headers);
        if (isExtendedConnect) ExtendedConnect.ToUpgrade(head);
    }

    /// <summary>A request as a client sends it.</summary>
    /// <param name="upgrade">As extended CONNECT.</param>
    public static void WriteRequest(RequestHead head, bool upgrade, HeaderList fields)
    {
        fields.Add(":method"u8, upgrade ? "CONNECT"u8 : head.Method.Span);
        if (upgrade)
        {
            fields.Add(":protocol"u8, UpgradeField.First(head.Headers));
        }
        fields.Add(":scheme"u8, head.Scheme.IsEmpty ? "http"u8 : head.Scheme.Span);
        if (!head.Authority.IsEmpty) fields.Add(":authority"u8, head.Authority.Span);
        fields.Add(":path"u8, head.Target.Span);
        for (int i = 0; i < head.Headers.Count; i++)
        {
            if (IsForwarded(head.Headers, i, upgrade)) fields.Add(head.Headers.Name(i), head.Headers.Value(i));
        }
    }

    /// <param name="fields">Empty afterwards.</param>
    public static void ReadResponse(HeaderList fields, ResponseHead head)
    {
        head.Clear();
        int pseudo = 0;
        for (; pseudo < fields.Count && fields.Name(pseudo)[0] == ':'; pseudo++) head.Status = ReadStatus(fields.Value(pseudo));
        head.Headers.TakeFrom(fields, pseudo);
        RemoveRepeatedLengths(head.Headers);
    }

    public static void WriteResponse(ResponseHead head, HpackEncoder encoder)
    {
        // To a request for another protocol 2xx is what 101 is in HTTP/1.1 (RFC 8441 5).
        bool upgrade = head.Status == 101;
        Span<byte> status = stackalloc byte[3];
        Utf8Formatter.TryFormat(upgrade ? 200 : head.Status, status, out _);
        encoder.Add(":status"u8, status);
        for (int i = 0; i < head.Headers.Count; i++)
        {
            if (IsForwarded(head.Headers, i, upgrade)) encoder.Add(head.Headers.Name(i), head.Headers.Value(i));
        }
    }

    public static int ReadStatus(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out int status, out _) ? status : 0;

    /// <summary>Fields that concern an HTTP/1.1 connection are malformed here (8.2.2): forwarding strips them, what the mesh itself says may have one.</summary>
    private static bool IsForwarded(HeaderList headers, int index, bool upgrade) =>
        !IsConnectionSpecific(headers, index) && !(upgrade && ExtendedConnect.IsOfUpgrade(headers, index));

    private static bool IsConnectionSpecific(HeaderList headers, int index) => headers.Name(index).Length switch
    {
        7 => headers.NameEquals(index, "upgrade"u8),
        10 => headers.NameEquals(index, "connection"u8) || headers.NameEquals(index, "keep-alive"u8),
        16 => headers.NameEquals(index, "proxy-connection"u8),
        17 => headers.NameEquals(index, "transfer-encoding"u8),
        _ => false,
    };

    private static void ReadPseudo(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, RequestHead head)
    {
        // There are no others; :protocol, which has nine letters, has no place in the head.
        switch (name.Length)
        {
            case 5:
                head.Target.Set(value);
                break;
            case 7:
                (name[1] == 'm' ? head.Method : head.Scheme).Set(value);
                break;
            case 10:
                head.Authority.Set(value);
                break;
        }
    }

    /// <summary>Equal to :authority where there is one; the rules have seen to it.</summary>
    private static void TakeHost(RequestHead head)
    {
        if (!head.Headers.TryGet("host"u8, out var host)) return;
        if (head.Authority.IsEmpty) head.Authority.Set(host);
        head.Headers.Remove("host"u8);
    }

    /// <summary>Several equal values are allowed here and refused by many an HTTP/1.1 peer.</summary>
    private static void RemoveRepeatedLengths(HeaderList headers)
    {
        int first = headers.IndexOf("content-length"u8);
        if (first >= 0 && headers.IndexOf("content-length"u8, first + 1) >= 0) headers.KeepLast("content-length"u8);
    }

    /// <summary>HTTP/2 may split the field for better compression; everywhere else there is one (RFC 9113 8.2.3).</summary>
    private static void JoinCookies(HeaderList headers)
    {
        int first = headers.IndexOf("cookie"u8), next = first < 0 ? -1 : headers.IndexOf("cookie"u8, first + 1);
        if (next < 0) return;
        int joined = headers.Count;
        headers.Begin("cookie"u8);
        headers.Append(headers.Value(first));
        for (; next < joined; next = headers.IndexOf("cookie"u8, next + 1))
        {
            headers.Append("; "u8);
            headers.Append(headers.Value(next));
        }
        headers.KeepLast("cookie"u8);
    }
}
