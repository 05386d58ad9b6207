using Mesh.Protocol.Config;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class GrpcRuleCompiler
{
    public static GrpcRule Compile(GrpcRuleSpec rule, int index, BackendResolver backends)
    {
        var result = new GrpcRule { Name = rule.Name ?? "" };
        result.Matches.AddRange(rule.Matches.Count > 0 ? rule.Matches.Select(Match) : [new GrpcMatch()]);
        result.Filters.AddRange(rule.Filters.Select(HttpFilterCompiler.Compile));
        result.Backends.AddRange(backends.Resolve(rule.BackendRefs, index));
        return result;
    }

    private static GrpcMatch Match(GrpcMatchSpec match)
    {
        var result = new GrpcMatch { Service = Name(match.Method, match.Method?.Service), Method = Name(match.Method, match.Method?.Method) };
        result.Headers.AddRange(match.Headers.Select(HttpRuleCompiler.Named));
        return result;
    }

    private static StringMatch? Name(GrpcMethodSpec? method, string? name) => string.IsNullOrEmpty(name) ? null : new StringMatch
    {
        Kind = method!.Type == "RegularExpression" ? StringMatch.Types.Kind.Regex : StringMatch.Types.Kind.Exact,
        Value = name,
    };
}
