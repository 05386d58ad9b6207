using System.Text;
using Mesh.Http;
using Mesh.Proxy.Routing;

namespace Mesh.Tests.Unit.Proxy;

/// <summary>Requests and route matches with everything defaulted.</summary>
internal static class Requests
{
    public static RequestHead Request(string target = "/", string authority = "shop.test", string method = "GET", params (string Name, string Value)[] headers)
    {
        var head = new RequestHead();
        head.Method.Set(Encoding.ASCII.GetBytes(method));
        head.Authority.Set(Encoding.ASCII.GetBytes(authority));
        head.Target.Set(Encoding.ASCII.GetBytes(target));
        foreach (var (name, value) in headers) head.Headers.Add(name, value);
        return head;
    }

    public static HttpMatchModel Match(
        string name, string path = "/", MatchKind kind = MatchKind.Prefix, string host = "", string? method = null,
        FieldMatch[]? headers = null, FieldMatch[]? query = null, long created = 0, int order = 0) => new()
        {
            Rule = Rule(name),
            Host = host.Length == 0 ? HostPattern.Any : new HostPattern(host),
            PathKind = kind,
            Path = Encoding.ASCII.GetBytes(path),
            PathRegex = kind == MatchKind.Regex ? new($"^(?:{path})$") : null,
            Method = method is null ? null : Encoding.ASCII.GetBytes(method),
            Headers = headers ?? [],
            Query = query ?? [],
            CreatedUnixMs = created,
            Order = order,
        };

    public static HttpRuleModel Rule(string name, params BackendModel[] backends) => new()
    {
        RouteKey = name,
        Backends = backends,
        Filters = HttpFilters.None,
        TotalWeight = backends.Sum(static b => b.Weight),
    };

    public static FieldMatch Field(string name, string value, MatchKind kind = MatchKind.Exact) => new(
        Encoding.ASCII.GetBytes(name), kind, Encoding.ASCII.GetBytes(value), kind == MatchKind.Regex ? new($"^(?:{value})$") : null);
}
