using System.Text;
using System.Text.RegularExpressions;
using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>The matches of a GRPCRoute: a call is a POST to /service/method. Both names exact are an exact path and a service alone is a prefix, which
/// are looked up; what is left is an expression. That gives the standard's order: the longer service, then the longer method, then more headers.</summary>
internal static class GrpcMatches
{
    /// <summary>A service counts for more than any method.</summary>
    private const int ServiceRank = 2048;

    private static readonly byte[] method = "POST"u8.ToArray();

    public static IEnumerable<HttpMatchModel> Of(GrpcRoute route, bool atGateway, string listenerHost)
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

    private static HttpRuleModel ToRule(GrpcRoute route, GrpcRule rule) => new()
    {
        RouteKey = $"{route.Namespace}/{route.Name}",
        Backends = [.. rule.Backends.Select(RouteParts.Backend)],
        TotalWeight = rule.Backends.Sum(static b => (int)b.Weight),
        Filters = RouteParts.Filters(rule.Filters, []),
    };

    private static HttpMatchModel ToMatch(GrpcRoute route, HttpRuleModel rule, GrpcMatch match, HostPattern host, int order)
    {
        var (kind, path) = PathOf(match.Service, match.Method);
        return new HttpMatchModel
        {
            Rule = rule,
            Host = host,
            PathKind = kind,
            Path = Encoding.UTF8.GetBytes(path),
            PathRegex = kind == MatchKind.Regex ? RouteParts.Regex(path) : null,
            ExpressionRank = (match.Service?.Value.Length ?? 0) * ServiceRank + (match.Method?.Value.Length ?? 0),
            Method = method,
            Headers = [.. match.Headers.Select(RouteParts.Field)],
            CreatedUnixMs = route.CreatedUnixMs,
            Order = order,
        };
    }

    private static (MatchKind Kind, string Path) PathOf(StringMatch? service, StringMatch? method) => (service, method) switch
    {
        (null, null) => (MatchKind.Any, ""),
        ({ Kind: StringMatch.Types.Kind.Exact }, null) => (MatchKind.Prefix, $"/{service.Value}"),
        ({ Kind: StringMatch.Types.Kind.Exact }, { Kind: StringMatch.Types.Kind.Exact }) => (MatchKind.Exact, $"/{service.Value}/{method.Value}"),
        _ => (MatchKind.Regex, $"/{Expression(service)}/{Expression(method)}"),
    };

    private static string Expression(StringMatch? name) => name switch
    {
        null => "[^/]+",
        { Kind: StringMatch.Types.Kind.Exact } => Regex.Escape(name.Value),
        { Kind: StringMatch.Types.Kind.Regex } => $"(?:{name.Value})",
        _ => throw new InvalidOperationException($"a gRPC route cannot match by {name.Kind}"),
    };
}
