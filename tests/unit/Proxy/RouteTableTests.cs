using Mesh.Proxy.Routing;
using static Mesh.Tests.Unit.Proxy.Requests;

namespace Mesh.Tests.Unit.Proxy;

public sealed class RouteTableTests
{
    /// <summary>From the strongest to the weakest, each beating the next for the same request.</summary>
    [Fact]
    public void Precedence_is_that_of_gateway_api_whatever_the_order_of_the_input()
    {
        HttpMatchModel[] strongestFirst =
        [
            Match("01-exact-host", "/", host: "a.shop.test"),
            Match("02-long-wildcard", "/", host: "*.shop.test"),
            Match("03-short-wildcard", "/", host: "*.test"),
            Match("04-exact-path", "/cart/items", MatchKind.Exact),
            Match("05-long-prefix", "/cart/items"),
            Match("06-method", "/cart", method: "GET"),
            Match("07-two-headers", "/cart", headers: [Field("x-a", "1"), Field("x-b", "2")]),
            Match("08-one-header", "/cart", headers: [Field("x-a", "1")]),
            Match("09-query", "/cart", query: [Field("q", "1")]),
            Match("10-older", "/cart", created: 1),
            Match("11-name-a", "/cart", created: 2),
            Match("11-name-b", "/cart", created: 2),
            Match("12-root", "/"),
        ];
        var request = Request("/cart/items?q=1", "a.shop.test", "GET", ("x-a", "1"), ("x-b", "2"));
        for (int first = 0; first < strongestFirst.Length; first++)
        {
            var rest = strongestFirst[first..];
            Assert.Equal(strongestFirst[first].Rule.RouteKey, new HttpRouteTable(rest.Reverse()).Match(request)?.RouteKey);
            new Random(first).Shuffle(rest);
            Assert.Equal(strongestFirst[first].Rule.RouteKey, new HttpRouteTable(rest).Match(request)?.RouteKey);
        }
    }

    [Fact]
    public void Rules_of_one_route_tie_in_their_order()
    {
        var (first, second) = (Match("r", order: 0), Match("r", order: 1));
        Assert.Same(first.Rule, new HttpRouteTable([second, first]).Match(Request()));
    }

    [Theory]
    [InlineData("/cart", "/cart", true)]
    [InlineData("/cart", "/cart/", true)]
    [InlineData("/cart", "/cart/x", true)]
    [InlineData("/cart", "/cartoon", false)]
    [InlineData("/cart", "/Cart", false)]
    [InlineData("/cart", "/car", false)]
    [InlineData("/cart/", "/cart", true)]
    [InlineData("/cart/", "/cart/x", true)]
    [InlineData("/cart/", "/cartx", false)]
    [InlineData("/", "/anything", true)]
    [InlineData("/", "*", true)]
    [InlineData("/cart", "*", false)]
    [InlineData("/cart", "/cart?x=/y", true)]
    [InlineData("/cart", "/x?/cart", false)]
    public void Prefix_matches_whole_path_elements(string prefix, string target, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", prefix), Request(target)));

    [Theory]
    [InlineData("/cart", true)]
    [InlineData("/cart?x=1", true)]
    [InlineData("/cart/", false)]
    public void Exact_path_ignores_only_the_query(string target, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", "/cart", MatchKind.Exact), Request(target)));

    [Theory]
    [InlineData("/v1/items", true)]
    [InlineData("/v12/items", true)]
    [InlineData("/x/v1/items", false)]
    [InlineData("/v1/items/9", false)]
    public void Regular_expression_covers_the_whole_path(string target, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", "/v[0-9]+/items", MatchKind.Regex), Request(target)));

    [Theory]
    [InlineData("X-Version", "2", true)]
    [InlineData("x-version", "2", true)]
    [InlineData("x-version", "3", false)]
    [InlineData("x-other", "2", false)]
    public void Header_matches_by_name_without_case_and_by_exact_value(string name, string value, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", headers: [Field("x-version", "2")]), Request(headers: (name, value))));

    [Fact]
    public void Host_header_is_matched_against_the_authority()
    {
        var match = Match("r", headers: [Field("Host", "shop.test:8080")]);
        Assert.True(Matches(match, Request(authority: "shop.test:8080")));
        Assert.False(Matches(match, Request(authority: "shop.test")));
    }

    [Theory]
    [InlineData("/?a=1&b=2", true)]
    [InlineData("/?b=2&a=1", true)]
    [InlineData("/?a=1&a=2&b=2", true)]
    [InlineData("/?a=2&a=1&b=2", false)]
    [InlineData("/?a=1", false)]
    [InlineData("/?A=1&b=2", false)]
    [InlineData("/?a=1;b=2", false)]
    [InlineData("/", false)]
    public void Query_parameters_must_all_hold_and_the_first_of_a_name_counts(string target, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", query: [Field("a", "1"), Field("b", "2")]), Request(target)));

    [Theory]
    [InlineData("GET", true)]
    [InlineData("get", false)]
    [InlineData("POST", false)]
    public void Method_is_compared_with_case(string method, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", method: "GET"), Request(method: method)));

    [Theory]
    [InlineData("shop.test", "shop.test", true)]
    [InlineData("shop.test", "SHOP.Test", true)]
    [InlineData("shop.test", "a.shop.test", false)]
    [InlineData("*.shop.test", "a.shop.test", true)]
    [InlineData("*.shop.test", "a.b.shop.test", true)]
    [InlineData("*.shop.test", "shop.test", false)]
    [InlineData("*.shop.test", ".shop.test", false)]
    [InlineData("*.shop.test", "xshop.test", false)]
    [InlineData("", "whatever", true)]
    public void Host_pattern_matches_whole_labels(string pattern, string host, bool matches) =>
        Assert.Equal(matches, Matches(Match("r", host: pattern), Request(authority: host)));

    [Fact]
    public void Port_of_the_authority_does_not_take_part_in_host_matching() =>
        Assert.NotNull(new HttpRouteTable([Match("r", host: "shop.test")]).Match(Request(authority: "shop.test:8080")));

    [Fact]
    public void Request_that_nothing_matches_has_no_rule() =>
        Assert.Null(new HttpRouteTable([Match("r", "/a"), Match("s", host: "other.test")]).Match(Request("/b")));

    [Fact]
    public void Weights_divide_requests_in_their_proportion_and_zero_gets_none()
    {
        static BackendModel Backend(string key, int weight) => new(key, 80, weight, null, HttpFilters.None);
        var rule = Rule("r", Backend("v1", 90), Backend("off", 0), Backend("v2", 10));
        var random = new Random(7);
        var counts = Enumerable.Range(0, 20_000).Select(_ => rule.Choose(random.Next(rule.TotalWeight)).ServiceKey).CountBy(static k => k).ToDictionary();
        Assert.False(counts.ContainsKey("off"));
        // 18,000 expected, a standard deviation of 42: six of them.
        Assert.InRange(counts["v1"], 17_750, 18_250);
        Assert.Equal(20_000, counts["v1"] + counts["v2"]);
    }

    private static bool Matches(HttpMatchModel match, Mesh.Http.RequestHead request) => new HttpRouteTable([match]).Match(request) is not null;
}
