using System.Text;
using Mesh.Http;
using Mesh.Proxy.Routing;

namespace Mesh.Micro.Operations;

/// <summary>The rule for a request. What 10,000 routes cost beside one is the point.</summary>
internal static class RoutingOperations
{
    public static IEnumerable<Operation> All()
    {
        foreach (int count in new[] { 1, 100, 10_000 })
        {
            var prefixes = Table(count, MatchKind.Prefix, static _ => "");
            var request = Request($"/team-{count / 2 % 100}/service-{count / 2}/items/17?page=2", "shop.test");
            yield return new Operation($"route: {count} prefixes", () => prefixes.Match(request));

            var exact = Table(count, MatchKind.Exact, static _ => "");
            var exactRequest = Request($"/team-{count / 2 % 100}/service-{count / 2}", "shop.test");
            yield return new Operation($"route: {count} exact paths", () => exact.Match(exactRequest));

            var hosts = Table(count, MatchKind.Prefix, static i => i % 2 == 0 ? $"service-{i}.shop.test" : $"*.service-{i}.shop.test");
            var hostRequest = Request($"/team-{count / 2 % 100}/service-{count / 2}", count / 2 % 2 == 0 ? $"service-{count / 2}.shop.test:8080" : $"a.service-{count / 2}.shop.test");
            yield return new Operation($"route: {count} hosts", () => hosts.Match(hostRequest));

            var nothing = Request("/nowhere/to/be/found", "shop.test");
            yield return new Operation($"route: {count} prefixes, none matches", () => prefixes.Match(nothing));
        }
    }

    private static HttpRouteTable Table(int count, MatchKind kind, Func<int, string> host) => new(Enumerable.Range(0, count).Select(i => new HttpMatchModel
    {
        Rule = new HttpRuleModel { RouteKey = $"shop/{i}", Backends = [], Filters = HttpFilters.None },
        Host = new HostPattern(host(i)),
        PathKind = kind,
        Path = Encoding.ASCII.GetBytes($"/team-{i % 100}/service-{i}"),
        CreatedUnixMs = 0,
        Order = i,
    }));

    private static RequestHead Request(string target, string authority)
    {
        var head = new RequestHead();
        head.Method.Set("GET"u8);
        head.Target.Set(target);
        head.Authority.Set(authority);
        return head;
    }
}
