using Mesh.Protocol.Config;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class HttpRuleCompiler
{
    public static HttpRule Compile(RouteRuleSpec rule, int index, BackendResolver backends)
    {
        var result = new HttpRule
        {
            Name = rule.Name ?? "",
            RequestTimeoutMs = GatewayDuration.Milliseconds(rule.Timeouts?.Request),
            BackendTimeoutMs = GatewayDuration.Milliseconds(rule.Timeouts?.BackendRequest),
        };
        result.Matches.AddRange(rule.Matches.Count > 0 ? rule.Matches.Select(Match) : [Match(new HttpMatchSpec())]);
        result.Filters.AddRange(rule.Filters.Select(HttpFilterCompiler.Compile));
        result.Backends.AddRange(backends.Resolve(rule.BackendRefs, index));
        return result;
    }

    private static HttpMatch Match(HttpMatchSpec match)
    {
        var result = new HttpMatch
        {
            Path = match.Path is null ? new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/" } : Value(match.Path),
            Method = match.Method ?? "",
        };
        result.Headers.AddRange(match.Headers.Select(Named));
        result.Query.AddRange(match.QueryParams.Select(Named));
        return result;
    }

    public static HeaderMatch Named(ValueMatchSpec match) => new() { Name = match.Name, Match = Value(match) };

    private static StringMatch Value(ValueMatchSpec match) => new()
    {
        Kind = match.Type switch
        {
            "PathPrefix" => StringMatch.Types.Kind.Prefix,
            "RegularExpression" => StringMatch.Types.Kind.Regex,
            _ => StringMatch.Types.Kind.Exact,
        },
        Value = match.Value,
    };
}
