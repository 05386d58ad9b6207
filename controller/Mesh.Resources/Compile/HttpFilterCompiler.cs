using Mesh.Protocol.Config;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class HttpFilterCompiler
{
    public static HttpFilter Compile(HttpFilterSpec filter) => filter switch
    {
        { RequestHeaderModifier: { } headers } => new HttpFilter { RequestHeaders = Headers(headers) },
        { ResponseHeaderModifier: { } headers } => new HttpFilter { ResponseHeaders = Headers(headers) },
        { RequestRedirect: { } redirect } => new HttpFilter { Redirect = Redirect(redirect) },
        { UrlRewrite: { } rewrite } => new HttpFilter { Rewrite = new Rewrite { Hostname = rewrite.Hostname ?? "", Path = Path(rewrite.Path) } },
        _ => throw new InvalidOperationException("validation lets no filter pass without its field"),
    };

    private static HeaderFilter Headers(HeaderFilterSpec headers)
    {
        var result = new HeaderFilter();
        result.Set.AddRange(headers.Set.Select(header => new HeaderValue { Name = header.Name, Value = header.Value }));
        result.Add.AddRange(headers.Add.Select(header => new HeaderValue { Name = header.Name, Value = header.Value }));
        result.Remove.AddRange(headers.Remove);
        return result;
    }

    private static Redirect Redirect(RedirectSpec redirect) => new()
    {
        Scheme = redirect.Scheme ?? "",
        Hostname = redirect.Hostname ?? "",
        Path = Path(redirect.Path),
        Port = redirect.Port ?? 0,
        Status = redirect.StatusCode,
    };

    private static PathModifier? Path(PathModifierSpec? path) =>
        path is null ? null : new PathModifier { ReplaceFull = path.ReplaceFullPath ?? "", ReplacePrefix = path.ReplacePrefixMatch ?? "" };
}
