using System.Text;
using Mesh.Proxy.Routing;

namespace Mesh.Tests.Unit.Proxy;

public sealed class TlsRouteTableTests
{
    [Theory]
    [InlineData("a.example.com", "exact")]
    [InlineData("A.EXAMPLE.com", "exact")]
    [InlineData("b.example.com", "wide")]
    [InlineData("x.y.example.com", "wide")]
    [InlineData("x.deep.example.com", "deep")]
    [InlineData("deep.example.com", "wide")]
    [InlineData("example.com", "any")]
    [InlineData("badexample.com", "any")]
    [InlineData("com", "any")]
    [InlineData("", "any")]
    public void Exact_name_beats_the_longer_wildcard_beats_the_shorter_beats_any(string name, string route)
    {
        var table = new TlsRouteTable([Match("any", ""), Match("wide", "*.example.com"), Match("exact", "a.example.com"), Match("deep", "*.deep.example.com")]);
        Assert.Equal(route, table.Match(Encoding.ASCII.GetBytes(name))?.RouteKey);
    }

    [Fact]
    public void Name_without_route_and_no_name_are_taken_by_nobody()
    {
        var table = new TlsRouteTable([Match("wide", "*.example.com"), Match("exact", "a.org")]);
        Assert.Null(table.Match("b.org"u8));
        Assert.Null(table.Match("example.com"u8));
        Assert.Null(table.Match(""u8));
    }

    [Fact]
    public void Older_route_wins_then_the_name()
    {
        Assert.Equal("b", new TlsRouteTable([Match("a", "x.y", 2), Match("b", "x.y", 1)]).Match("x.y"u8)?.RouteKey);
        Assert.Equal("a", new TlsRouteTable([Match("b", "*.y", 1), Match("a", "*.y", 1)]).Match("x.y"u8)?.RouteKey);
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("a.b", "", "a.b")]
    [InlineData("", "*.b", "*.b")]
    [InlineData("a.b", "*.b", "a.b")]
    [InlineData("*.b", "a.b", "a.b")]
    [InlineData("*.a.b", "*.b", "*.a.b")]
    [InlineData("*.b", "*.a.b", "*.a.b")]
    [InlineData("*.b", "*.b", "*.b")]
    [InlineData("b", "*.b", null)]
    [InlineData("ab", "*.b", null)]
    [InlineData("a.b", "c.b", null)]
    [InlineData("*.a", "*.b", null)]
    public void Intersection_of_two_hosts_is_the_narrower(string one, string other, string? both) => Assert.Equal(both, HostPattern.Intersect(one, other));

    private static TlsMatchModel Match(string route, string host, long created = 0) => new(new HostPattern(host), new TlsRuleModel(route, []), created);
}
