using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>What a client, the metrics and the other side learn when something goes wrong.</summary>
public sealed class GatewayFailureTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public Task Get_on_a_reused_connection_that_the_upstream_closes_is_sent_again() => With(async (gateway, app, client) =>
    {
        var old = await UsedConnection(app, client);
        await client.SendAsync(Get);
        await old.ReadHeadAsync();
        old.Abort();
        var fresh = await app.AcceptAsync();
        await fresh.ReadHeadAsync();
        await fresh.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
    });

    [Theory]
    [InlineData(Post, "abc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "\r\n\r\n")]
    [InlineData("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n")]
    public Task Post_on_a_reused_connection_is_never_sent_twice(string request, string end) => With(async (gateway, app, client) =>
    {
        var old = await UsedConnection(app, client);
        await client.SendAsync(request);
        await old.ReadUntilAsync(end);
        old.Abort();
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 503 ", answer);
        Assert.Contains("x-mesh-error: UC ", answer);
        Assert.Equal(1, app.Count);
    });

    /// <summary>RFC 9110 6.6.1 and 15.5.6.</summary>
    [Fact]
    public Task Answers_have_a_date_and_a_refused_method_is_told_others() => With(async (gateway, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        Assert.Contains("\r\ndate: ", await client.ReadMessageAsync());
        await client.SendAsync("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 405 ", answer);
        Assert.Contains("\r\nallow: GET, HEAD, ", answer);
        Assert.Contains("\r\ndate: ", answer);
    });

    [Fact]
    public async Task Dead_endpoint_is_passed_over_for_a_live_one()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", gateway.DeadAddress(), app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                var client = await gateway.ConnectAsync();
                await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                await server.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 200 ", await client.ReadToEndAsync());
            }
        });
    }

    public static TheoryData<string, Action<TestGateway>, int, ResponseFlag> Unroutable => new()
    {
        { "dead", static g => g.Route("/", g.DeadAddress(), g.DeadAddress()), 503, ResponseFlag.UF },
        { "none", static g => g.Route("/"), 503, ResponseFlag.UH },
        { "no rule", static g => g.Route("/other", g.DeadAddress()), 404, ResponseFlag.NR },
        { "invalid", static g => g.Route("/", static rule => rule.Backends[0].InvalidReason = "no such service"), 500, ResponseFlag.CD },
        { "weightless", static g => g.Route("/", static rule => rule.Backends[0].Weight = 0), 500, ResponseFlag.CD },
    };

    [Theory]
    [MemberData(nameof(Unroutable))]
    public async Task Request_that_cannot_be_sent_on_is_answered_with_its_reason(string _, Action<TestGateway> configure, int status, ResponseFlag flag)
    {
        await using var gateway = new TestGateway();
        configure(gateway);
        gateway.Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            foreach (string request in (string[])[Get, Post, Get])
            {
                await client.SendAsync(request);
                string answer = await client.ReadMessageAsync();
                Assert.StartsWith($"HTTP/1.1 {status} ", answer);
                Assert.Contains($"x-mesh-error: {flag} ", answer);
            }
            var record = await gateway.RecordAsync(2);
            Assert.Equal((status, flag), (record.Status, record.Flag));
        });
    }

    [Theory]
    [InlineData(Get)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")]
    public Task Upstream_that_is_too_slow_is_aborted_and_answered_with_504(string request) => With(async (gateway, app, client) =>
    {
        await client.SendAsync(request);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 504 ", answer);
        Assert.Contains("x-mesh-error: UT ", answer);
        Assert.True((await server.DrainAsync()).Reset);
    }, static rule => rule.RequestTimeoutMs = 100);

    [Theory]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nbad header\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\n\nok")]
    [InlineData("220 mail.example ready\r\n")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")]
    public Task Malformed_response_answers_502_and_blames_the_upstream(string response) => With(async (gateway, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(response);
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 502 ", answer);
        Assert.Contains("x-mesh-error: DPE ", answer);
        Assert.True((await server.DrainAsync()).Reset);
        await client.SendAsync(Get);
        await (await app.AcceptAsync()).SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
    });

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")]
    public Task Response_cut_short_is_cut_short_for_the_client_too(string response) => With(async (gateway, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(response);
        await server.FinishAsync();
        Assert.True((await client.DrainAsync()).Reset);
        Assert.NotEqual(ResponseFlag.None, (await gateway.RecordAsync()).Flag);
    });

    [Fact]
    public Task Upstream_that_breaks_while_the_body_is_awaited_leaves_no_second_reader_behind() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
        var server = await app.AcceptAsync();
        await server.ReadUntilAsync("abc");
        server.Abort();
        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadMessageAsync());
        await client.SendAsync("defghi");
        await client.FinishAsync();
        Assert.Equal("", await client.ReadToEndAsync());
    });

    [Fact]
    public Task Malformed_request_body_aborts_the_upstream_and_answers_400() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        var server = await app.AcceptAsync();
        await server.ReadUntilAsync("abc");
        await client.SendAsync("zz\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadToEndAsync());
        Assert.True((await server.DrainAsync()).Reset);
    });

    [Theory]
    [InlineData(Get)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")]
    [InlineData(Post)]
    public Task Client_that_goes_away_takes_the_upstream_with_it(string request) => With(async (gateway, app, client) =>
    {
        await client.SendAsync(request);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        client.Abort();
        Assert.True((await server.DrainAsync()).Reset);
        Assert.Equal(ResponseFlag.DC, (await gateway.RecordAsync()).Flag);
    });

    private static async Task<Peer> UsedConnection(PeerServer app, Peer client)
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        await client.ReadMessageAsync();
        return server;
    }

    private static async Task With(Func<TestGateway, PeerServer, Peer, Task> test, Action<HttpRule>? edit = null)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", edit ?? (static _ => { }), app.Address).Start();
        await gateway.RunAsync(async () => await test(gateway, app, await gateway.ConnectAsync()));
    }
}
