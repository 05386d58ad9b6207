using System.Text.RegularExpressions;
using Mesh.Control.Translation;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;
using Mesh.Tests.Unit.Proxy;

namespace Mesh.Tests.Unit.Translation;

/// <summary>Which rule of GRPCRoutes takes a call, by the table and by the standard's rules in their plainest form.</summary>
public sealed class GrpcRouteTests
{
    private static readonly string[] Services = ["shop.Cart", "shop.Car", "shop.v1.Cart", "Cart"];
    private static readonly string[] Methods = ["Add", "AddAll", "Remove"];
    private static readonly string[] ServiceExpressions = ["shop[.].*", "(shop[.])?Cart", ".*"];
    private static readonly string[] MethodExpressions = ["Add.*", "[AR].+", ".*"];
    private static readonly string[] Hosts = ["", "a.test", "*.test", "*.a.test"];

    [Fact]
    public void Table_chooses_what_the_rules_in_their_plainest_form_choose()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var routes = Enumerable.Range(0, random.Next(1, 8)).Select(number => Draw(random, number)).ToList();
            var table = TableOf(routes);
            for (int call = 0; call < 20; call++)
            {
                var (host, service, method) = (Pick(random, ["a.test", "b.a.test", "x.test", "other"]), Pick(random, [.. Services, "x"]), Pick(random, Methods));
                string? version = random.Next(2) == 0 ? null : Pick(random, ["1", "2"]);
                string? expected = Expected(routes, host, service, method, version);
                var request = Requests.Request($"/{service}/{method}", host, "POST", version is null ? [] : [("X-V", version)]);
                Assert.True(expected == table?.Match(request)?.Backends[0].ServiceKey, $"seed {seed}: {host} {service}/{method} {version}: expected {expected}");
            }
        }
    }

    [Theory]
    [InlineData("/shop.Cart/Add", "POST", true)]
    [InlineData("/shop.Cart/Add", "GET", false)]
    [InlineData("/shop.Carts/Add", "POST", false)]
    [InlineData("/shop.cart/Add", "POST", false)]
    public void Call_is_a_POST_to_the_service(string path, string method, bool taken)
    {
        var route = Route("r", 0, new GrpcMatch { Service = new StringMatch { Value = "shop.Cart" } });
        Assert.Equal(taken, TableOf([route])!.Match(Requests.Request(path, method: method)) is not null);
    }

    [Fact]
    public void Expression_matches_whole_names_and_takes_no_more_than_one_element_for_what_it_leaves_open()
    {
        var table = TableOf([Route("r", 0, new GrpcMatch { Method = new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = "Add|Remove" } })])!;
        Assert.Equal([true, true, false, false, false], new[] { "/a/Add", "/a/Remove", "/a/AddAll", "/a/b/Add", "//Add" }.Select(path => table.Match(Requests.Request(path, method: "POST")) is not null));
    }

    [Fact]
    public void Pattern_that_cannot_be_carried_out_is_refused_alone()
    {
        foreach (var wrong in (StringMatch[])[new() { Kind = StringMatch.Types.Kind.Regex, Value = "(" }, new() { Kind = StringMatch.Types.Kind.Suffix, Value = "x" }])
            Assert.StartsWith("GrpcRoute cannot be carried out: ", ResourceChecks.Check("type.mesh.internal/mesh.config.v1.GrpcRoute", "shop/r", Route("r", 0, new GrpcMatch { Method = wrong })));
        Assert.Null(ResourceChecks.Check("type.mesh.internal/mesh.config.v1.GrpcRoute", "shop/r", Route("r", 0, new GrpcMatch())));
    }

    private static GrpcRoute Draw(Random random, int number)
    {
        var route = Route($"r{number}", random.Next(3), [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new GrpcMatch
        {
            Service = Name(random, Services, ServiceExpressions),
            Method = Name(random, Methods, MethodExpressions),
            Headers = { Enumerable.Range(0, random.Next(2)).Select(_ => new HeaderMatch { Name = "x-v", Match = new StringMatch { Value = Pick(random, ["1", "2"]) } }) },
        })]);
        string host = Pick(random, Hosts);
        if (host.Length > 0) route.Hostnames.Add(host);
        return route;
    }

    private static StringMatch? Name(Random random, string[] names, string[] expressions) => random.Next(3) switch
    {
        0 => null,
        1 => new StringMatch { Value = Pick(random, names) },
        _ => new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = Pick(random, expressions) },
    };

    private static GrpcRoute Route(string name, long created, params GrpcMatch[] matches)
    {
        var route = new GrpcRoute { Namespace = "shop", Name = name, CreatedUnixMs = created, Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "shop/g" } } };
        for (int i = 0; i < matches.Length; i++)
            route.Rules.Add(new GrpcRule { Matches = { matches[i] }, Backends = { new Backend { Service = $"{name}-{i}", Port = 1, Weight = 1 } } });
        return route;
    }

    private static HttpRouteTable? TableOf(IEnumerable<GrpcRoute> routes)
    {
        var gateway = new Gateway { Namespace = "shop", Name = "g", Listeners = { new GatewayListener { Name = "l", Port = 80 } } };
        var snapshot = new SnapshotTranslator(1, new Random(1)).Apply([ConfigChanges.Of(gateway), .. routes.Select(ConfigChanges.Of)], "t");
        return snapshot.Gateways[0].Listeners[0].HttpRoutes;
    }

    /// <returns>The backend of the rule.</returns>
    private static string? Expected(List<GrpcRoute> routes, string host, string service, string method, string? version)
    {
        var found = from route in routes
                    from i in Enumerable.Range(0, route.Rules.Count)
                    let rule = route.Rules[i]
                    let match = rule.Matches[0]
                    let pattern = route.Hostnames.FirstOrDefault() ?? ""
                    where HostHolds(pattern, host) && Holds(match.Service, service) && Holds(match.Method, method) && match.Headers.All(header => header.Match.Value == version)
                    orderby pattern.Length == 0 ? 2 : pattern[0] == '*' ? 1 : 0, pattern.Length descending,
                        KindOf(match), match.Service?.Value.Length ?? 0 descending, match.Method?.Value.Length ?? 0 descending, match.Headers.Count descending,
                        route.CreatedUnixMs, route.Name, i
                    select rule.Backends[0].Service;
        return found.FirstOrDefault();
    }

    /// <summary>Exact names before expressions; what names nothing last.</summary>
    private static int KindOf(GrpcMatch match) => (match.Service, match.Method) switch
    {
        (null, null) => 3,
        ({ Kind: StringMatch.Types.Kind.Exact }, { Kind: StringMatch.Types.Kind.Exact }) => 0,
        ({ Kind: StringMatch.Types.Kind.Exact }, null) => 1,
        _ => 2,
    };

    private static bool HostHolds(string pattern, string host) =>
        pattern.Length == 0 || (pattern[0] == '*' ? host.EndsWith(pattern[1..], StringComparison.Ordinal) && host.Length >= pattern.Length : host == pattern);

    private static bool Holds(StringMatch? match, string value) =>
        match is null || (match.Kind == StringMatch.Types.Kind.Exact ? match.Value == value : Regex.IsMatch(value, $"^(?:{match.Value})$"));

    private static string Pick(Random random, string[] values) => values[random.Next(values.Length)];
}
