using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>A client of one version of HTTP and an application of the other, which only a declaration can tell.</summary>
internal static class TranslatedTalk
{
    public static Conversation[] All { get; } =
    [
        new("HTTP/2 to HTTP/1.1", TestMachines.Wire.Http, DownAsync, IsDetected: false),
        new("HTTP/2 to HTTP/1.1, reset by the client", TestMachines.Wire.Http, DownResetByClientAsync, IsDetected: false),
        new("HTTP/2 to HTTP/1.1, reset by the application", TestMachines.Wire.Http, DownResetByApplicationAsync, IsDetected: false),
        new("HTTP/1.1 to HTTP/2", TestMachines.Wire.Http2, UpAsync, IsDetected: false),
        new("HTTP/1.1 to HTTP/2, reset by the client", TestMachines.Wire.Http2, UpResetByClientAsync, IsDetected: false),
        new("HTTP/1.1 to HTTP/2, reset by the application", TestMachines.Wire.Http2, UpResetByApplicationAsync, IsDetected: false),
    ];

    private static async Task DownAsync(Talk talk)
    {
        var client = Http2Peer.Client(talk.Client.Connection);
        var request = await client.RequestAsync(Request("POST", "/a?b", ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")), "question", Of(("sum", "8")));
        var app = await talk.AcceptAsync();
        Assert.Equal(Fields.Head("POST /a?b HTTP/1.1", ["host: catalog.shop.mesh", "te: trailers", "connection: te", "cookie: a=1; b=2", "transfer-encoding: chunked", .. talk.Added]), Fields.Of(await app.ReadHeadAsync()));
        Assert.Equal(("question", "sum: 8"), await Fields.ReadChunkedAsync(app));
        await app.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-From: App\r\nSet-Cookie: c=3\r\nSet-Cookie: d=4\r\n\r\n6\r\nanswer\r\n0\r\nChecked: yes\r\n\r\n");
        Assert.Equal(Fields.Of(":status: 200", "x-from: App", "set-cookie: c=3", "set-cookie: d=4"), Fields.Of(await request.ReadHeadersAsync()));
        Assert.Equal("answer", await Bodies.ReadTextAsync(request.Input));
        Assert.Equal("checked: yes", Fields.Of(request.Trailers!));

        var second = await client.RequestAsync(Request("PUT", "/known", ("content-length", "2")), "ok");
        Assert.Equal(Fields.Head("PUT /known HTTP/1.1", ["host: catalog.shop.mesh", "content-length: 2", .. talk.Added]), Fields.Of(await app.ReadHeadAsync()));
        Assert.Equal("ok", await app.ReadAsync(2));
        await app.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(":status: 204", Fields.Of(await second.ReadHeadersAsync()));
    }

    private static async Task DownResetByClientAsync(Talk talk)
    {
        var request = await Http2Peer.Client(talk.Client.Connection).Http2.OpenAsync(Request("POST"), endStream: false);
        await Http2Peer.SendAsync(request, "part");
        var app = await talk.AcceptAsync();
        await app.ReadHeadAsync();
        Assert.Equal("4\r\npart\r\n", await app.ReadAsync(9));
        request.Reset(ErrorCode.Cancel);
        Assert.Equal((0, true), await app.DrainAsync());
    }

    private static async Task DownResetByApplicationAsync(Talk talk)
    {
        var request = await Http2Peer.Client(talk.Client.Connection).RequestAsync(Request());
        var app = await talk.AcceptAsync();
        await app.ReadHeadAsync();
        await app.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
        await request.ReadHeadersAsync();
        await Http2Talk.ReadAsync(request, "part");
        app.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(() => Bodies.ReadAllAsync(request.Input));
    }

    private static async Task UpAsync(Talk talk)
    {
        await talk.Client.SendAsync("PUT /a?b HTTP/1.1\r\nHost: cart\r\nTE: trailers\r\nConnection: X-Hop, TE\r\nX-Hop: 1\r\nX-Name: V\r\nCookie: a=1; b=2\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "4\r\nbody\r\n0\r\nSum: 4\r\n\r\n");
        var server = Http2Peer.Server((await talk.AcceptAsync()).Connection);
        var stream = await server.AcceptAsync();
        Assert.Equal(Fields.Of([":method: PUT", ":scheme: http", ":path: /a?b", ":authority: cart", "x-name: V", "cookie: a=1; b=2", "te: trailers", .. talk.Added]), Fields.Of(stream.Headers));
        Assert.Equal("body", await Bodies.ReadTextAsync(stream.Input));
        Assert.Equal("sum: 4", Fields.Of(stream.Trailers!));
        await Http2Peer.RespondAsync(stream, Response(201, ("set-cookie", "c=3"), ("set-cookie", "d=4")), "no length", Of(("after", "all")));
        Assert.Equal(Fields.Head("HTTP/1.1 201 Created", "transfer-encoding: chunked", "set-cookie: c=3", "set-cookie: d=4"), Fields.Of(await talk.Client.ReadHeadAsync()));
        Assert.Equal(("no length", "after: all"), await Fields.ReadChunkedAsync(talk.Client));

        await talk.Client.SendAsync("POST /known HTTP/1.1\r\nHost: cart\r\nContent-Length: 2\r\n\r\nok");
        var known = await server.AcceptAsync();
        Assert.Equal(Fields.Of([":method: POST", ":scheme: http", ":path: /known", ":authority: cart", "content-length: 2", .. talk.Added]), Fields.Of(known.Headers));
        Assert.Equal("ok", await Bodies.ReadTextAsync(known.Input));
        await Http2Peer.RespondAsync(known, Response(200, ("content-length", "3")), "yes");
        Assert.Equal(Fields.Head("HTTP/1.1 200 OK", "content-length: 3"), Fields.Of(await talk.Client.ReadHeadAsync()));
        Assert.Equal("yes", await talk.Client.ReadAsync(3));

        await talk.Client.SendAsync("HEAD / HTTP/1.1\r\nHost: cart\r\n\r\n");
        await Http2Peer.RespondAsync(await server.AcceptAsync(), Response(200, ("content-length", "77")));
        Assert.Equal(Fields.Head("HTTP/1.1 200 OK", "content-length: 77"), Fields.Of(await talk.Client.ReadHeadAsync()));
    }

    private static async Task UpResetByClientAsync(Talk talk)
    {
        await talk.Client.SendAsync("POST / HTTP/1.1\r\nHost: cart\r\nContent-Length: 9\r\n\r\npart");
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        await Http2Talk.ReadAsync(stream, "part");
        talk.Client.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(() => Bodies.ReadAllAsync(stream.Input));
        Assert.Equal(ErrorCode.Cancel, stream.ResetCode);
    }

    private static async Task UpResetByApplicationAsync(Talk talk)
    {
        await talk.Client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(200), endStream: false);
        await Http2Peer.SendAsync(stream, "part");
        await talk.Client.ReadHeadAsync();
        Assert.Equal("4\r\npart\r\n", await talk.Client.ReadAsync(9));
        stream.Reset(ErrorCode.InternalError);
        // No last chunk: the body must not look whole.
        Assert.Equal((0, true), await talk.Client.DrainAsync());
    }
}
