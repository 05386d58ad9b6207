using Mesh.Http;

namespace Mesh.Proxy.Routing;

/// <summary>The matches of one host by path: exact ones, then prefixes from the longest, then regular expressions, then what takes every path.</summary>
internal sealed class PathTable
{
    private readonly BytesTable<List<HttpMatchModel>> exact = new();
    private readonly BytesTable<List<HttpMatchModel>> prefixes = new();
    private readonly List<HttpMatchModel> expressions = [];
    private readonly List<HttpMatchModel> rest = [];

    /// <summary>Stronger ones first.</summary>
    public void Add(HttpMatchModel match)
    {
        var list = match.PathKind switch
        {
            MatchKind.Exact => exact.GetOrAdd(match.Path, static () => []),
            MatchKind.Prefix => prefixes.GetOrAdd(WithoutSlash(match.Path), static () => []),
            MatchKind.Regex => expressions,
            _ => rest,
        };
        list.Add(match);
    }

    public HttpRuleModel? Match(RequestHead request, ReadOnlySpan<byte> path)
    {
        if (exact.Count > 0 && First(exact.Find(path), request) is { } rule) return rule;
        return MatchPrefix(request, path) ?? MatchExpression(request, path) ?? First(rest, request);
    }

    /// <summary>Gateway API: a prefix matches whole path elements, and a trailing slash in it counts for nothing.</summary>
    private HttpRuleModel? MatchPrefix(RequestHead request, ReadOnlySpan<byte> path)
    {
        foreach (int length in prefixes.Lengths)
        {
            // The shortest, /, takes every request: also OPTIONS *, which has no path.
            if (length > path.Length || length > 0 && length < path.Length && path[length] != '/') continue;
            if (First(prefixes.Find(path[..length]), request) is { } rule) return rule;
        }
        return null;
    }

    private HttpRuleModel? MatchExpression(RequestHead request, ReadOnlySpan<byte> path)
    {
        foreach (var match in expressions)
        {
            if (RegexMatch.Holds(match.PathRegex!, path) && match.MatchesRest(request)) return match.Rule;
        }
        return null;
    }

    private static HttpRuleModel? First(List<HttpMatchModel>? matches, RequestHead request)
    {
        if (matches is null) return null;
        foreach (var match in matches)
        {
            if (match.MatchesRest(request)) return match.Rule;
        }
        return null;
    }

    private static byte[] WithoutSlash(byte[] prefix) => prefix is [.. var rest, (byte)'/'] ? rest : prefix;
}
