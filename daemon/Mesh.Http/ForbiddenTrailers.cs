namespace Mesh.Http;

/// <summary>Fields that must not come after the body (RFC 9110 6.5.1): those that frame, route, modify or authenticate a message, or say how its content
/// is to be read. A next hop that merged them into the head would read another message than we did, so they are dropped.</summary>
public static class ForbiddenTrailers
{
    private static readonly byte[][] Names =
    [
        .. new[]
        {
            "transfer-encoding", "content-length", "host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect", "max-forwards",
            "authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate", "cookie", "set-cookie", "cache-control", "pragma", "range",
            "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "content-encoding", "content-type", "content-range",
            "age", "date", "expires", "location", "retry-after", "vary", "via", "warning",
            "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    public static void Drop(HeaderList trailers)
    {
        if (trailers.Count == 0) return;
        foreach (byte[] name in Names) trailers.Remove(name);
    }
}
