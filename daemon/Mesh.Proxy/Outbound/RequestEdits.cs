using System.Text;
using Mesh.Http;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Outbound;

/// <summary>Carries out the filters of Gateway API on a request.</summary>
internal static class RequestEdits
{
    public static void Apply(RequestHead request, HttpFilters filters)
    {
        if (ReferenceEquals(filters, HttpFilters.None)) return;
        filters.Request?.Apply(request.Headers);
        if (filters.Rewrite is not { } rewrite) return;
        if (rewrite.Hostname is not null) request.Authority.Set(rewrite.Hostname);
        if (rewrite.Path is { } path) request.Target.Set(path.Apply(request.Target.Span));
    }

    public static ResponseHead RedirectHead(RequestHead request, RedirectModel redirect)
    {
        string scheme = redirect.Scheme ?? "http";
        string host = redirect.Hostname ?? Encoding.Latin1.GetString(request.Host);
        byte[] target = redirect.Path is { } path ? path.Apply(request.Target.Span) : request.Target.Span.ToArray();
        if (target is [(byte)'*']) target = []; // as a URI it has no path (RFC 9112 3.2.4)
        string port = redirect.Port != 0 ? PortOf(scheme, redirect.Port) : redirect.Scheme is null ? OwnPort(request) : "";
        var head = new ResponseHead { Status = redirect.Status };
        head.Headers.Add("location", $"{scheme}://{host}{port}{Encoding.Latin1.GetString(target)}");
        return head;
    }

    /// <summary>A scheme's well-known port is left out of the URI.</summary>
    private static string PortOf(string scheme, int port) =>
        (scheme, port) is ("http", 80) or ("https", 443) ? "" : $":{port}";

    private static string OwnPort(RequestHead request)
    {
        var authority = request.Authority.Span;
        return Encoding.Latin1.GetString(authority[request.Host.Length..]);
    }
}
