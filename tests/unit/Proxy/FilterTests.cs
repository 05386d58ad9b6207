using System.Text;
using Mesh.Http;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Routing;
using static Mesh.Tests.Unit.Proxy.Requests;

namespace Mesh.Tests.Unit.Proxy;

public sealed class FilterTests
{
    /// <summary>The table of Gateway API's HTTPPathModifier.</summary>
    [Theory]
    [InlineData("/foo/bar", "/foo", "/xyz", "/xyz/bar")]
    [InlineData("/foo/bar", "/foo", "/xyz/", "/xyz/bar")]
    [InlineData("/foo/bar", "/foo/", "/xyz", "/xyz/bar")]
    [InlineData("/foo/bar", "/foo/", "/xyz/", "/xyz/bar")]
    [InlineData("/foo", "/foo", "/xyz", "/xyz")]
    [InlineData("/foo/", "/foo", "/xyz", "/xyz/")]
    [InlineData("/foo/bar", "/foo", "", "/bar")]
    [InlineData("/foo/", "/foo", "", "/")]
    [InlineData("/foo", "/foo", "", "/")]
    [InlineData("/foo/", "/foo", "/", "/")]
    [InlineData("/foo", "/foo", "/", "/")]
    [InlineData("/foo/bar?q=/foo", "/foo", "/xyz", "/xyz/bar?q=/foo")]
    [InlineData("/foo?q=1", "/foo", "/", "/?q=1")]
    [InlineData("/bar", "/", "/xyz", "/xyz/bar")]
    public void Prefix_is_replaced_by_whole_elements(string target, string matched, string replacement, string expected)
    {
        var edit = new PathEdit(null, Encoding.ASCII.GetBytes(replacement), Encoding.ASCII.GetBytes(matched));
        Assert.Equal(expected, Encoding.ASCII.GetString(edit.Apply(Encoding.ASCII.GetBytes(target))));
    }

    [Fact]
    public void Full_replacement_keeps_the_query()
    {
        var edit = new PathEdit("/new"u8.ToArray(), null, []);
        Assert.Equal("/new?a=b", Encoding.ASCII.GetString(edit.Apply("/old/x?a=b"u8)));
    }

    [Fact]
    public void Header_edits_remove_then_set_then_add()
    {
        var headers = new HeaderList();
        foreach (string name in (string[])["X-Gone", "x-one", "X-ONE", "x-more"]) headers.Add(name, "old");
        new HeaderEdit([("x-one"u8.ToArray(), "new"u8.ToArray())], [("x-more"u8.ToArray(), "second"u8.ToArray())], ["x-gone"u8.ToArray()]).Apply(headers);
        Assert.Equal("x-more: old\nx-one: new\nx-more: second\n", headers.ToString());
    }

    [Fact]
    public void Rewrite_changes_host_and_path_of_the_request()
    {
        var request = Request("/foo/1?q", "front.test");
        RequestEdits.Apply(request, HttpFilters.None with { Rewrite = new("back.test"u8.ToArray(), new PathEdit(null, "/bar"u8.ToArray(), "/foo"u8.ToArray())) });
        Assert.Equal(("back.test", "/bar/1?q"), (request.Authority.ToString(), request.Target.ToString()));
    }

    [Theory]
    [InlineData(null, null, 0, "http://shop.test:8080/a?b")]
    [InlineData("https", null, 0, "https://shop.test/a?b")]
    [InlineData("https", null, 443, "https://shop.test/a?b")]
    [InlineData("https", null, 8443, "https://shop.test:8443/a?b")]
    [InlineData(null, "new.test", 0, "http://new.test:8080/a?b")]
    [InlineData(null, "new.test", 80, "http://new.test/a?b")]
    public void Redirect_keeps_what_it_does_not_name(string? scheme, string? host, int port, string location)
    {
        var head = RequestEdits.RedirectHead(Request("/a?b", "shop.test:8080"), new RedirectModel(scheme, host, null, port, 301));
        Assert.Equal(301, head.Status);
        Assert.True(head.Headers.TryGet("location"u8, out var value));
        Assert.Equal(location, Encoding.ASCII.GetString(value));
    }

    [Fact]
    public void Options_of_the_whole_server_have_no_path_to_edit()
    {
        var edit = new PathEdit(null, "/new"u8.ToArray(), "/"u8.ToArray());
        Assert.Equal("*"u8.ToArray(), edit.Apply("*"u8));
        Assert.Equal("*"u8.ToArray(), (edit with { Full = "/other"u8.ToArray() }).Apply("*"u8));
        var head = RequestEdits.RedirectHead(Request("*", "shop.test", "OPTIONS"), new RedirectModel("https", null, edit, 0, 308));
        Assert.True(head.Headers.TryGet("location"u8, out var value));
        Assert.Equal("https://shop.test", Encoding.ASCII.GetString(value));
    }

    [Fact]
    public void Hop_by_hop_fields_and_what_connection_lists_are_removed()
    {
        var headers = Request(headers: [("Connection", "close, X-Private"), ("connection", "x-other"), ("X-Private", "1"), ("x-other", "2"), ("Keep-Alive", "5"),
            ("Proxy-Connection", "close"), ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("TE", "gzip"), ("X-Kept", "3")]).Headers;
        Assert.False(HopByHop.Strip(headers));
        Assert.Equal("X-Kept: 3\n", headers.ToString());
    }

    [Fact]
    public void Upgrade_is_kept_when_connection_names_it()
    {
        var headers = Request(headers: [("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket")]).Headers;
        Assert.True(HopByHop.Strip(headers));
        Assert.Equal("Upgrade: websocket\nconnection: upgrade\n", headers.ToString());
    }

    [Theory]
    [InlineData("h2c")]
    [InlineData("H2C")]
    [InlineData("websocket, h2c")]
    [InlineData("HTTP/2.0")]
    [InlineData("TLS/1.0, HTTP/1.1")]
    public void Upgrade_behind_which_requests_would_go_unseen_is_ignored(string protocol)
    {
        var headers = Request(headers: [("Connection", "Upgrade"), ("Upgrade", protocol), ("HTTP2-Settings", "AAMAAABk")]).Headers;
        Assert.False(HopByHop.Strip(headers));
        Assert.Equal("", headers.ToString());
        headers = Request(headers: [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", protocol)]).Headers;
        Assert.False(HopByHop.Strip(headers));
    }

    [Theory]
    [InlineData("content-length")]
    [InlineData("Host")]
    [InlineData("Authorization")]
    [InlineData("cookie")]
    public void Client_cannot_remove_what_others_rely_on_by_listing_it(string name)
    {
        var headers = Request(headers: [("Connection", name), (name, "1")]).Headers;
        HopByHop.Strip(headers);
        Assert.Equal($"{name}: 1\n", headers.ToString());
    }

    [Fact]
    public void Te_survives_only_as_the_announcement_of_trailers()
    {
        foreach (var fields in new[] { [("TE", " Trailers ")], new[] { ("TE", "trailers"), ("Connection", "close, TE") } })
        {
            var headers = Request(headers: fields).Headers;
            HopByHop.Strip(headers);
            Assert.Equal("te: trailers\nconnection: te\n", headers.ToString());
        }
        var other = Request(headers: [("TE", "gzip"), ("Connection", "TE")]).Headers;
        HopByHop.Strip(other);
        Assert.Equal("", other.ToString());
    }
}
