using System.Text;
using System.Text.RegularExpressions;
using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>What routes of several kinds have in common.</summary>
internal static class RouteParts
{
    /// <summary>A match that takes longer than this is a bad pattern, and the request fails rather than the loop.</summary>
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(50);

    /// <summary>Hosts count at gateways only: in the mesh the service that was called has decided already (GAMMA). Of a route's hosts those count that
    /// the listener has too.</summary>
    public static IEnumerable<HostPattern> Hosts(IReadOnlyCollection<string> hostnames, bool atGateway, string listenerHost)
    {
        if (!atGateway) return [HostPattern.Any];
        IEnumerable<string> hosts = hostnames.Count > 0 ? hostnames : [""];
        return hosts.Select(host => HostPattern.Intersect(host, listenerHost)).OfType<string>().Select(static host => new HostPattern(host));
    }

    public static BackendModel Backend(Backend backend) => Backend(backend, []);

    public static BackendModel Backend(Backend backend, byte[] prefix) => new(
        backend.Service, (int)backend.Port, (int)backend.Weight,
        backend.InvalidReason.Length > 0 ? backend.InvalidReason : null,
        Filters(backend.Filters, prefix));

    public static FieldMatch Field(HeaderMatch field)
    {
        var match = field.Match ?? throw new InvalidOperationException($"the match of field {field.Name} has no value");
        return new FieldMatch(Encoding.UTF8.GetBytes(field.Name), Kind(match.Kind), Encoding.UTF8.GetBytes(match.Value), Regex(match));
    }

    public static MatchKind Kind(StringMatch.Types.Kind kind) => kind switch
    {
        StringMatch.Types.Kind.Exact => MatchKind.Exact,
        StringMatch.Types.Kind.Prefix => MatchKind.Prefix,
        StringMatch.Types.Kind.Regex => MatchKind.Regex,
        _ => throw new InvalidOperationException($"a route cannot match by {kind}"),
    };

    /// <summary>Non-backtracking: linear in the input whatever the pattern. The whole value must match, as in the field's RE2.</summary>
    public static Regex? Regex(StringMatch match) => match.Kind == StringMatch.Types.Kind.Regex
        ? Regex(match.Value) : null;

    /// <inheritdoc cref="Regex(StringMatch)"/>
    public static Regex Regex(string pattern) => new($"^(?:{pattern})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, RegexTimeout);

    public static HttpFilters Filters(IEnumerable<HttpFilter> filters, byte[] prefix)
    {
        var result = HttpFilters.None;
        foreach (var filter in filters)
        {
            result = filter.FilterCase switch
            {
                HttpFilter.FilterOneofCase.RequestHeaders => result with { Request = ToEdit(filter.RequestHeaders) },
                HttpFilter.FilterOneofCase.ResponseHeaders => result with { Response = ToEdit(filter.ResponseHeaders) },
                HttpFilter.FilterOneofCase.Redirect => result with { Redirect = ToRedirect(filter.Redirect, prefix) },
                HttpFilter.FilterOneofCase.Rewrite => result with { Rewrite = ToRewrite(filter.Rewrite, prefix) },
                _ => throw new InvalidOperationException($"no translation for filter {filter.FilterCase}"),
            };
        }
        return result;
    }

    private static HeaderEdit ToEdit(HeaderFilter filter) => new(
        [.. filter.Set.Select(ToPair)], [.. filter.Add.Select(ToPair)], [.. filter.Remove.Select(static r => Encoding.ASCII.GetBytes(r))]);

    private static (byte[], byte[]) ToPair(HeaderValue value) => (Encoding.ASCII.GetBytes(value.Name), Encoding.UTF8.GetBytes(value.Value));

    private static RedirectModel ToRedirect(Redirect redirect, byte[] prefix) => new(
        NullIfEmpty(redirect.Scheme), NullIfEmpty(redirect.Hostname), ToPath(redirect.Path, prefix), (int)redirect.Port,
        redirect.Status == 0 ? 302 : (int)redirect.Status);

    private static RewriteModel ToRewrite(Rewrite rewrite, byte[] prefix) => new(
        rewrite.Hostname.Length > 0 ? Encoding.ASCII.GetBytes(rewrite.Hostname) : null, ToPath(rewrite.Path, prefix));

    private static PathEdit? ToPath(PathModifier? path, byte[] prefix) => path is null ? null
        : path.ReplaceFull.Length > 0 ? new PathEdit(Encoding.UTF8.GetBytes(path.ReplaceFull), null, prefix)
        : new PathEdit(null, Encoding.UTF8.GetBytes(path.ReplacePrefix), prefix);

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;
}
