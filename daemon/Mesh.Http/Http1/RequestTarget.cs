using System.Text;

namespace Mesh.Http.Http1;

/// <summary>The four forms of RFC 9112 3.2.</summary>
internal static class RequestTarget
{
    public static void Parse(ReadOnlySpan<byte> target, RequestHead head)
    {
        if (!Http1Parser.IsTarget(target)) Http1Parser.Refuse(400, "the request target holds a byte that a URI cannot");
        if (head.IsMethod("CONNECT"u8)) ParseAuthorityForm(target, head);
        else if (target[0] == '/') head.Target.Set(target);
        else if (target.SequenceEqual("*"u8) && head.IsMethod("OPTIONS"u8)) head.Target.Set(target);
        else ParseAbsoluteForm(target, head);
    }

    private static void ParseAuthorityForm(ReadOnlySpan<byte> target, RequestHead head)
    {
        if (!Http1Parser.IsAuthority(target) || target.LastIndexOf((byte)':') <= 0) Http1Parser.Refuse(400, "the target of CONNECT is not host:port");
        head.Authority.Set(target);
        head.Target.Set(target);
    }

    private static void ParseAbsoluteForm(ReadOnlySpan<byte> target, RequestHead head)
    {
        int scheme = target.IndexOf("://"u8);
        if (scheme <= 0 || !(Ascii.EqualsIgnoreCase(target[..scheme], "http"u8) || Ascii.EqualsIgnoreCase(target[..scheme], "https"u8)))
            Http1Parser.Refuse(400, "the request target is neither a path nor an http URI");
        var rest = target[(scheme + 3)..];
        int pathStart = rest.IndexOfAny("/?"u8);
        var authority = pathStart < 0 ? rest : rest[..pathStart];
        if (authority.IsEmpty || authority.Contains((byte)'@') || !Http1Parser.IsAuthority(authority))
            Http1Parser.Refuse(400, "the authority in the request target is not host:port");
        head.Authority.Set(authority);
        var path = pathStart < 0 ? default : rest[pathStart..];
        if (path.IsEmpty) head.Target.Set(head.IsMethod("OPTIONS"u8) ? "*"u8 : "/"u8);
        else if (path[0] == '/') head.Target.Set(path);
        else head.Target.Set([(byte)'/', .. path]);
    }
}
