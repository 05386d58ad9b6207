using Mesh.Telemetry.Traffic;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

internal static class Http1Talk
{
    private const int Large = 300_000;

    public static Conversation[] All { get; } = [new("HTTP/1.1", TestMachines.Wire.Http, HoldAsync)];

    /// <summary>One connection on either side carries them all.</summary>
    private static async Task HoldAsync(Talk talk)
    {
        await talk.Client.SendAsync("GET /plain?q=1 HTTP/1.1\r\nHost: cart\r\nCookie: a=1\r\nX-Twice: 1\r\nCookie: b=2\r\nX-Twice: 2\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n");
        var app = await talk.AcceptAsync();
        Assert.Equal(Fields.Head("GET /plain?q=1 HTTP/1.1", ["host: cart", "cookie: a=1", "cookie: b=2", "x-twice: 1", "x-twice: 2", .. talk.Added]), Fields.Of(await app.ReadHeadAsync()));
        await app.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: c=3\r\nSet-Cookie: d=4\r\n\r\nhello");
        Assert.Equal(Fields.Head("HTTP/1.1 200 OK", "content-length: 5", "set-cookie: c=3", "set-cookie: d=4"), Fields.Of(await talk.Client.ReadHeadAsync()));
        Assert.Equal("hello", await talk.Client.ReadAsync(5));
        var record = await talk.RecordAsync();
        Assert.Equal(("http", 200, ResponseFlag.None, "http"), (record.Kind, record.Status, record.Flag, record.Labels?.Protocol));

        await ChunkedAsync(talk, app);
        await WithoutBodyAsync(talk.Client, app);
        await PipelinedAsync(talk.Client, app);
        await LargeAsync(talk.Client, app);
    }

    private static async Task ChunkedAsync(Talk talk, Peer app)
    {
        await talk.Client.SendAsync("POST /chunked HTTP/1.1\r\nHost: cart\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nSum: 13\r\n\r\n");
        Assert.Equal(Fields.Head("POST /chunked HTTP/1.1", ["host: cart", "te: trailers", "connection: te", "transfer-encoding: chunked", .. talk.Added]), Fields.Of(await app.ReadHeadAsync()));
        Assert.Equal(("abc0123456789", "sum: 13"), await Fields.ReadChunkedAsync(app));
        await app.SendAsync("HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nChecked: yes\r\n\r\n");
        Assert.Equal(Fields.Head("HTTP/1.1 201 Made", "transfer-encoding: chunked"), Fields.Of(await talk.Client.ReadHeadAsync()));
        Assert.Equal(("x", "checked: yes"), await Fields.ReadChunkedAsync(talk.Client));
    }

    private static async Task WithoutBodyAsync(Peer client, Peer app)
    {
        await client.SendAsync("HEAD /head HTTP/1.1\r\nHost: cart\r\n\r\n");
        Assert.StartsWith("HEAD /head ", await app.ReadHeadAsync());
        await app.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
        Assert.Equal(Fields.Head("HTTP/1.1 200 OK", "content-length: 99"), Fields.Of(await client.ReadHeadAsync()));
    }

    private static async Task PipelinedAsync(Peer client, Peer app)
    {
        await client.SendAsync(string.Concat(Enumerable.Range(0, 3).Select(static i => $"GET /{i} HTTP/1.1\r\nHost: cart\r\n\r\n")));
        for (int i = 0; i < 3; i++)
        {
            Assert.StartsWith($"GET /{i} ", await app.ReadHeadAsync());
            await app.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{i}");
        }
        for (int i = 0; i < 3; i++) Assert.EndsWith($"\r\n\r\n{i}", await client.ReadMessageAsync());
    }

    private static async Task LargeAsync(Peer client, Peer app)
    {
        await client.SendAsync($"PUT /large HTTP/1.1\r\nHost: cart\r\nContent-Length: {Large}\r\n\r\n");
        await app.ReadHeadAsync();
        await app.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Large}\r\n\r\n");
        await client.ReadHeadAsync();
        await Task.WhenAll(Pattern.SendAsync(client, Large), Pattern.CheckAsync(app, Large));
        await Task.WhenAll(Pattern.SendAsync(app, Large), Pattern.CheckAsync(client, Large));
    }
}
