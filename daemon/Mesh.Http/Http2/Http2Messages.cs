using System.Buffers.Text;

namespace Mesh.Http.Http2;

/// <summary>Messages between their forms: a head with pseudo-header fields on the wire, the version-neutral heads everywhere else (RFC 9113 8.3).
/// What comes in has passed <see cref="MessageRules"/>.</summary>
internal static class Http2Messages
{
    /// <summary>A request as a server received it. A field of the wire that has its own place in the head is not repeated among the headers.</summary>
    public static void ReadRequest(HeaderList fields, RequestHead head)
    {
        head.Clear();
        bool cookieSeen = false;
        for (int i = 0; i < fields.Count; i++)
        {
            var name = fields.Name(i);
            if (name[0] == ':') ReadPseudo(name, fields.Value(i), head);
            else if (name.SequenceEqual("host"u8)) TakeHost(fields.Value(i), head);
            else if (IsRepeatedLength(name, head.Headers)) continue;
            else if (!name.SequenceEqual("cookie"u8)) head.Headers.Add(name, fields.Value(i));
            else if (!cookieSeen) cookieSeen = JoinCookies(fields, i, head.Headers);
        }
        if (fields.Contains(":protocol"u8)) ExtendedConnect.ToUpgrade(head);
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
        CopyRegular(head.Headers, fields, upgrade);
    }

    public static void ReadResponse(HeaderList fields, ResponseHead head)
    {
        head.Clear();
        for (int i = 0; i < fields.Count; i++)
        {
            var name = fields.Name(i);
            if (name[0] == ':') head.Status = ReadStatus(fields.Value(i));
            else if (!IsRepeatedLength(name, head.Headers)) head.Headers.Add(name, fields.Value(i));
        }
    }

    public static void WriteResponse(ResponseHead head, HeaderList fields)
    {
        // To a request for another protocol 2xx is what 101 is in HTTP/1.1 (RFC 8441 5).
        bool upgrade = head.Status == 101;
        Span<byte> status = stackalloc byte[3];
        Utf8Formatter.TryFormat(upgrade ? 200 : head.Status, status, out _);
        fields.Add(":status"u8, status);
        CopyRegular(head.Headers, fields, upgrade);
    }

    public static int ReadStatus(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out int status, out _) ? status : 0;

    /// <summary>Fields that concern an HTTP/1.1 connection are malformed here (8.2.2): forwarding strips them, what the mesh itself says may have one.</summary>
    private static void CopyRegular(HeaderList from, HeaderList to, bool upgrade)
    {
        for (int i = 0; i < from.Count; i++)
        {
            if (IsConnectionSpecific(from, i) || upgrade && ExtendedConnect.IsOfUpgrade(from, i)) continue;
            to.Add(from.Name(i), from.Value(i));
        }
    }

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
        if (name.SequenceEqual(":method"u8)) head.Method.Set(value);
        else if (name.SequenceEqual(":path"u8)) head.Target.Set(value);
        else if (name.SequenceEqual(":authority"u8)) head.Authority.Set(value);
        else if (name.SequenceEqual(":scheme"u8)) head.Scheme.Set(value);
        else if (name.SequenceEqual(":protocol"u8)) head.Headers.Add("upgrade"u8, value);
    }

    /// <summary>Equal to :authority where there is one; the rules have seen to it.</summary>
    private static void TakeHost(ReadOnlySpan<byte> host, RequestHead head)
    {
        if (head.Authority.IsEmpty) head.Authority.Set(host);
    }

    /// <summary>Several equal values are allowed here and refused by many an HTTP/1.1 peer.</summary>
    private static bool IsRepeatedLength(ReadOnlySpan<byte> name, HeaderList headers) =>
        name.Length == 14 && name.SequenceEqual("content-length"u8) && headers.Contains(name);

    /// <summary>HTTP/2 may split the field for better compression; everywhere else there is one (RFC 9113 8.2.3).</summary>
    private static bool JoinCookies(HeaderList fields, int first, HeaderList headers)
    {
        int next = fields.IndexOf("cookie"u8, first + 1);
        if (next < 0)
        {
            headers.Add("cookie"u8, fields.Value(first));
            return true;
        }
        headers.Begin("cookie"u8);
        headers.Append(fields.Value(first));
        for (; next >= 0; next = fields.IndexOf("cookie"u8, next + 1))
        {
            headers.Append("; "u8);
            headers.Append(fields.Value(next));
        }
        return true;
    }
}
