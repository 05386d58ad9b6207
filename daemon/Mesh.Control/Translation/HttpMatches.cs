using System.Text;
using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>The matches of an HTTPRoute.</summary>
internal static class HttpMatches
{
    public static IEnumerable<HttpMatchModel> Of(HttpRoute route, bool atGateway, string listenerHost)
    {
        int order = 0;
        foreach (var rule in route.Rules)
        {
            var model = ToRule(route, rule);
            foreach (var match in rule.Matches)
            {
                foreach (var host in RouteParts.Hosts(route.Hostnames, atGateway, listenerHost)) yield return ToMatch(route, model, match, host, order);
                order++;
            }
        }
    }

    private static HttpRuleModel ToRule(HttpRoute route, HttpRule rule) => new()
    {
        RouteKey = $"{route.Namespace}/{route.Name}",
        Backends = [.. rule.Backends.Select(backend => RouteParts.Backend(backend, PrefixOf(rule)))],
        TotalWeight = rule.Backends.Sum(static b => (int)b.Weight),
        Filters = RouteParts.Filters(rule.Filters, PrefixOf(rule)),
        RequestTimeout = TimeSpan.FromMilliseconds(rule.RequestTimeoutMs),
        BackendTimeout = TimeSpan.FromMilliseconds(rule.BackendTimeoutMs),
    };

    /// <summary>What a prefix replacement replaces.</summary>
    private static byte[] PrefixOf(HttpRule rule)
    {
        var path = rule.Matches.Select(static m => m.Path).FirstOrDefault(static p => p is { Kind: StringMatch.Types.Kind.Prefix });
        return Encoding.UTF8.GetBytes(path?.Value ?? "/");
    }

    private static HttpMatchModel ToMatch(HttpRoute route, HttpRuleModel rule, HttpMatch match, HostPattern host, int order)
    {
        var path = match.Path ?? new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/" };
        return new HttpMatchModel
        {
            Rule = rule,
            Host = host,
            PathKind = RouteParts.Kind(path.Kind),
            Path = Encoding.UTF8.GetBytes(path.Value),
            PathRegex = RouteParts.Regex(path),
            Method = match.Method.Length > 0 ? Encoding.ASCII.GetBytes(match.Method) : null,
            Headers = [.. match.Headers.Select(RouteParts.Field)],
            Query = [.. match.Query.Select(RouteParts.Field)],
            CreatedUnixMs = route.CreatedUnixMs,
            Order = order,
        };
    }
}
