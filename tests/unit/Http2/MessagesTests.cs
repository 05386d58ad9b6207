using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Kit.Http2;

namespace Mesh.Tests.Unit.Http2;

public sealed class MessagesTests
{
    [Fact]
    public void Head_of_the_wire_becomes_one_that_every_version_understands()
    {
        var head = Read(Heads.Request("PUT", "/a?b", ("cookie", "a=1"), ("content-length", "2"), ("host", "catalog.shop.mesh"), ("x-own", "1"), ("cookie", "b=2"), ("content-length", "2"), ("cookie", "c=3"), ("x-own", "2")));
        Assert.Equal("PUT /a?b catalog.shop.mesh https", $"{head.Method} {head.Target} {head.Authority} {head.Scheme}");
        Assert.Equal("x-own: 1\ncontent-length: 2\nx-own: 2\ncookie: a=1; b=2; c=3\n", head.Headers.ToString());
    }

    [Fact]
    public void One_cookie_stays_where_it_is_and_host_stands_in_for_authority()
    {
        var head = Read(Heads.Of((":method", "GET"), (":scheme", "http"), (":path", "/"), ("cookie", "a=1"), ("host", "cart"), ("x-own", "1")));
        Assert.Equal("cart", head.Authority.ToString());
        Assert.Equal("cookie: a=1\nx-own: 1\n", head.Headers.ToString());
    }

    [Fact]
    public void Crumbs_without_number_are_joined_in_their_order()
    {
        string[] crumbs = [.. Enumerable.Range(0, 3000).Select(static number => $"{number}")];
        var head = Read(Heads.Request("GET", "/", [.. crumbs.Select(static crumb => ("cookie", crumb))]));
        Assert.Equal($"cookie: {string.Join("; ", crumbs)}\n", head.Headers.ToString());
    }

    private static RequestHead Read(HeaderList fields)
    {
        var head = new RequestHead();
        Http2Messages.ReadRequest(fields, head);
        Assert.Equal(0, fields.Count);
        return head;
    }
}
