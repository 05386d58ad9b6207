using Mesh.Http;

namespace Mesh.Proxy.Routing;

/// <summary>All matches of the routes attached to one place, found in the order of Gateway API's precedence: host (exact, longer wildcard, any),
/// exact path, longer path, method, more headers, more query parameters, older route, name, order. Hosts and paths are looked up, so that
/// a request costs the same with one route and with ten thousand; what is tried one after the other are only matches of one host and one path,
/// and regular expressions.</summary>
public sealed class HttpRouteTable
{
    private readonly BytesTable<PathTable> exactHosts = new(ignoreCase: true);
    private readonly BytesTable<PathTable> wildcardHosts = new(ignoreCase: true);
    private readonly PathTable anyHost = new();

    public HttpRouteTable(IEnumerable<HttpMatchModel> all)
    {
        foreach (var match in InOrder(all)) TableOf(match.Host).Add(match);
    }

    public HttpRuleModel? Match(RequestHead request)
    {
        var path = request.Path;
        if (exactHosts.Count + wildcardHosts.Count > 0 && MatchHost(request, path) is { } rule) return rule;
        return anyHost.Match(request, path);
    }

    private HttpRuleModel? MatchHost(RequestHead request, ReadOnlySpan<byte> path)
    {
        var host = request.Host;
        if (exactHosts.Find(host)?.Match(request, path) is { } exact) return exact;
        foreach (int length in wildcardHosts.Lengths)
        {
            if (length >= host.Length || host[^length] != '.') continue;
            if (wildcardHosts.Find(host[^length..])?.Match(request, path) is { } rule) return rule;
        }
        return null;
    }

    private PathTable TableOf(HostPattern host) => host.Kind switch
    {
        HostKind.Exact => exactHosts.GetOrAdd(host.Text, static () => new PathTable()),
        HostKind.Wildcard => wildcardHosts.GetOrAdd(host.Text, static () => new PathTable()),
        _ => anyHost,
    };

    /// <summary>Of matches that share host and path, or that are regular expressions, the first that holds wins.</summary>
    private static IOrderedEnumerable<HttpMatchModel> InOrder(IEnumerable<HttpMatchModel> all) => all
        .OrderByDescending(static m => m.ExpressionRank ?? m.Path.Length)
        .ThenBy(static m => m.Method is null)
        .ThenByDescending(static m => m.Headers.Length)
        .ThenByDescending(static m => m.Query.Length)
        .ThenBy(static m => m.CreatedUnixMs)
        .ThenBy(static m => m.Rule.RouteKey, StringComparer.Ordinal)
        .ThenBy(static m => m.Order);
}
