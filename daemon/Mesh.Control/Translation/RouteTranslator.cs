using System.Text;
using System.Text.RegularExpressions;
using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>Routes by what they are attached to.</summary>
internal sealed class RouteTranslator
{
    /// <summary>A match that takes longer than this is a bad pattern, and the request fails rather than the loop.</summary>
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(50);

    private readonly ParentIndex<HttpRoute> http = new();
    private readonly ParentIndex<TcpRoute> tcp = new();
    private readonly ParentIndex<TlsRoute> tls = new();

    /// <param name="route">Null: it is gone.</param>
    /// <returns>What it was and is attached to.</returns>
    public IEnumerable<ParentRef> SetHttp(string name, HttpRoute? route) => http.Set(name, route, route?.Parents);

    /// <inheritdoc cref="SetHttp"/>
    public IEnumerable<ParentRef> SetTcp(string name, TcpRoute? route) => tcp.Set(name, route, route?.Parents);

    /// <inheritdoc cref="SetHttp"/>
    public IEnumerable<ParentRef> SetTls(string name, TlsRoute? route) => tls.Set(name, route, route?.Parents);

    /// <returns>Null when no route is attached there.</returns>
    public HttpRouteTable? HttpOf(ParentRef.Types.Kind kind, string name, int port, string section, string listenerHost)
    {
        var attached = http.Of(kind, name).Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section))).ToList();
        if (attached.Count == 0) return null;
        return new HttpRouteTable(attached.SelectMany(route => ToMatches(route, kind == ParentRef.Types.Kind.Gateway, listenerHost)));
    }

    public BackendModel[] TcpOf(ParentRef.Types.Kind kind, string name, int port, string section)
    {
        var route = tcp.Of(kind, name)
            .Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section)))
            .OrderBy(static route => route.CreatedUnixMs)
            .ThenBy(static route => $"{route.Namespace}/{route.Name}", StringComparer.Ordinal)
            .FirstOrDefault();
        return route is null ? [] : [.. route.Backends.Select(ToBackend)];
    }

    /// <summary>Unlike those of HTTP routes, hosts count at a service too: an address says nothing about the name that a client asks for.</summary>
    /// <returns>Null when no route is attached there.</returns>
    public TlsRouteTable? TlsOf(ParentRef.Types.Kind kind, string name, int port, string section, string listenerHost)
    {
        var attached = tls.Of(kind, name).Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section))).ToList();
        return attached.Count == 0 ? null : new TlsRouteTable(attached.SelectMany(route => ToMatches(route, listenerHost)));
    }

    /// <summary>Attached or not.</summary>
    public static void Check(HttpRoute route) => _ = ToMatches(route, atGateway: true, "").Count();

    public static void Check(TcpRoute route) => _ = route.Backends.Select(ToBackend).Count();

    public static void Check(TlsRoute route) => _ = ToMatches(route, "").Count();

    private static IEnumerable<TlsMatchModel> ToMatches(TlsRoute route, string listenerHost)
    {
        var rule = new TlsRuleModel($"{route.Namespace}/{route.Name}", [.. route.Backends.Select(ToBackend)]);
        IEnumerable<string> hosts = route.Hostnames.Count > 0 ? route.Hostnames : [""];
        foreach (string host in hosts)
        {
            if (HostPattern.Intersect(host, listenerHost) is { } both) yield return new TlsMatchModel(new HostPattern(both), rule, route.CreatedUnixMs);
        }
    }

    private static bool Attaches(ParentRef parent, ParentRef.Types.Kind kind, string name, int port, string section) =>
        parent.Kind == kind && parent.Name == name
        && (parent.Port == 0 || parent.Port == port)
        && (parent.Section.Length == 0 || parent.Section == section);

    /// <summary>Hosts count at gateways only: in the mesh the service that was called has decided already (GAMMA).</summary>
    private static IEnumerable<HttpMatchModel> ToMatches(HttpRoute route, bool atGateway, string listenerHost)
    {
        int order = 0;
        foreach (var rule in route.Rules)
        {
            var model = ToRule(route, rule);
            foreach (var match in rule.Matches)
            {
                foreach (var host in HostsOf(route, atGateway, listenerHost)) yield return ToMatch(route, model, match, host, order);
                order++;
            }
        }
    }

    private static IEnumerable<HostPattern> HostsOf(HttpRoute route, bool atGateway, string listenerHost)
    {
        if (!atGateway) return [HostPattern.Any];
        if (route.Hostnames.Count > 0) return route.Hostnames.Select(static h => new HostPattern(h));
        return [listenerHost.Length > 0 ? new HostPattern(listenerHost) : HostPattern.Any];
    }

    private static HttpRuleModel ToRule(HttpRoute route, HttpRule rule) => new()
    {
        RouteKey = $"{route.Namespace}/{route.Name}",
        Backends = [.. rule.Backends.Select(backend => ToBackend(backend, PrefixOf(rule)))],
        TotalWeight = rule.Backends.Sum(static b => (int)b.Weight),
        Filters = ToFilters(rule.Filters, PrefixOf(rule)),
        RequestTimeout = TimeSpan.FromMilliseconds(rule.RequestTimeoutMs),
        BackendTimeout = TimeSpan.FromMilliseconds(rule.BackendTimeoutMs),
    };

    /// <summary>What a prefix replacement replaces.</summary>
    private static byte[] PrefixOf(HttpRule rule)
    {
        var path = rule.Matches.Select(static m => m.Path).FirstOrDefault(static p => p is { Kind: StringMatch.Types.Kind.Prefix });
        return Encoding.UTF8.GetBytes(path?.Value ?? "/");
    }

    private static BackendModel ToBackend(Backend backend) => ToBackend(backend, []);

    private static BackendModel ToBackend(Backend backend, byte[] prefix) => new(
        backend.Service, (int)backend.Port, (int)backend.Weight,
        backend.InvalidReason.Length > 0 ? backend.InvalidReason : null,
        ToFilters(backend.Filters, prefix));

    private static HttpMatchModel ToMatch(HttpRoute route, HttpRuleModel rule, HttpMatch match, HostPattern host, int order)
    {
        var path = match.Path ?? new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/" };
        return new HttpMatchModel
        {
            Rule = rule,
            Host = host,
            PathKind = ToKind(path.Kind),
            Path = Encoding.UTF8.GetBytes(path.Value),
            PathRegex = ToRegex(path),
            Method = match.Method.Length > 0 ? Encoding.ASCII.GetBytes(match.Method) : null,
            Headers = [.. match.Headers.Select(ToField)],
            Query = [.. match.Query.Select(ToField)],
            CreatedUnixMs = route.CreatedUnixMs,
            Order = order,
        };
    }

    private static FieldMatch ToField(HeaderMatch field)
    {
        var match = field.Match ?? throw new InvalidOperationException($"the match of field {field.Name} has no value");
        return new FieldMatch(Encoding.UTF8.GetBytes(field.Name), ToKind(match.Kind), Encoding.UTF8.GetBytes(match.Value), ToRegex(match));
    }

    private static MatchKind ToKind(StringMatch.Types.Kind kind) => kind switch
    {
        StringMatch.Types.Kind.Exact => MatchKind.Exact,
        StringMatch.Types.Kind.Prefix => MatchKind.Prefix,
        StringMatch.Types.Kind.Regex => MatchKind.Regex,
        _ => throw new InvalidOperationException($"a route cannot match by {kind}"),
    };

    /// <summary>Non-backtracking: linear in the input whatever the pattern. The whole value must match, as in the field's RE2.</summary>
    private static Regex? ToRegex(StringMatch match) => match.Kind == StringMatch.Types.Kind.Regex
        ? new Regex($"^(?:{match.Value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, RegexTimeout)
        : null;

    private static HttpFilters ToFilters(IEnumerable<HttpFilter> filters, byte[] prefix)
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
