using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>HTTP/1 through the proxy, over real sockets, with both ends played by the test.</summary>
public sealed class GatewayHttpTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Request_of_HTTP_1_0_without_Host_gets_the_services_name()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
            var server = await app.AcceptAsync();
            Assert.StartsWith("GET / HTTP/1.1\r\nhost: s0.test.mesh\r\n", await server.ReadHeadAsync());
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await client.ReadHeadAsync();
        });
    }

    [Theory]
    [InlineData("", "127.0.0.1")]
    [InlineData("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\n", "1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1")]
    public async Task Application_is_told_the_clients_address(string sent, string expected)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{sent}X-Last: 1\r\n\r\n");
            var server = await app.AcceptAsync();
            string head = await server.ReadHeadAsync();
            Assert.Equal([$"x-forwarded-for: {expected}"], head.Split("\r\n").Where(static line => line.StartsWith("x-forwarded-for:", StringComparison.OrdinalIgnoreCase)));
            Assert.Equal(["x-forwarded-proto: http"], head.Split("\r\n").Where(static line => line.StartsWith("x-forwarded-proto:", StringComparison.OrdinalIgnoreCase)));
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await client.ReadHeadAsync();
        });
    }

    [Theory]
    [InlineData("for=1.1.1.1", "for=1.1.1.1, for=127.0.0.1;proto=http")]
    [InlineData("for=1.1.1.1\r\nForwarded: for=2.2.2.2;by=\"a, b\\\"\"", "for=1.1.1.1, for=2.2.2.2;by=\"a, b\\\"\", for=127.0.0.1;proto=http")]
    [InlineData("for=\"1.1.1.1", "for=127.0.0.1;proto=http")]
    [InlineData("for=1.1.1.1\r\nForwarded: for=\"2.2.2.2\\\"", "for=1.1.1.1, for=127.0.0.1;proto=http")]
    public Task Forwarded_of_a_client_ends_with_what_the_gateway_knows(string sent, string expected) => With(async (gateway, app, client) =>
    {
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nForwarded: {sent}\r\nX-Last: 1\r\n\r\n");
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.Equal([expected], head.Split("\r\n").Where(static line => line.StartsWith("forwarded:", StringComparison.OrdinalIgnoreCase)).Select(static line => line["forwarded: ".Length..]));
        await server.SendAsync(Ok);
        await client.ReadMessageAsync();
    });

    [Fact]
    public Task Fields_that_nobody_may_add_are_not_there_and_those_of_the_client_pass() => With(async (gateway, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.DoesNotContain("\r\nvia:", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\r\nforwarded:", head, StringComparison.OrdinalIgnoreCase);
        await server.SendAsync("HTTP/1.1 200 OK\r\nVia: 1.1 app\r\nContent-Length: 0\r\n\r\n");
        Assert.Contains("\r\nVia: 1.1 app\r\n", await client.ReadHeadAsync());
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 front\r\nX-Forwarded-Host: b\r\n\r\n");
        head = await server.ReadHeadAsync();
        Assert.Contains("\r\nVia: 1.1 front\r\n", head);
        Assert.Contains("\r\nX-Forwarded-Host: b\r\n", head);
        await server.SendAsync(Ok);
        await client.ReadMessageAsync();
    });

    [Fact]
    public Task First_bytes_arrive_before_the_last_are_sent() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
        var server = await app.AcceptAsync();
        Assert.EndsWith("abc", await server.ReadUntilAsync("abc"));
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nuvw");
        Assert.EndsWith("uvw", await client.ReadUntilAsync("uvw"));
        await client.SendAsync("def");
        Assert.Equal("def", await server.ReadAsync(3));
        await server.SendAsync("xyz");
        Assert.Equal("xyz", await client.ReadAsync(3));
    });

    // Some clients hand out a chunk only when its end has come, so an event would wait for the next one.
    [Fact]
    public Task Chunk_arrives_with_its_end_before_the_next_begins() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        Assert.Equal("2\r\nup\r\n", await server.ReadAsync(7));
        await server.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await client.ReadHeadAsync();
        foreach (string text in (string[])["one event", new string('x', 5000)])
        {
            string chunk = $"{text.Length:x}\r\n{text}\r\n";
            await server.SendAsync(chunk);
            Assert.Equal(chunk, await client.ReadAsync(chunk.Length));
        }
    });

    [Fact]
    public Task Continue_is_asked_for_and_granted_end_to_end() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        var server = await app.AcceptAsync();
        Assert.Contains("Expect: 100-continue", await server.ReadHeadAsync());
        await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
        await client.SendAsync("abc");
        Assert.Equal("abc", await server.ReadAsync(3));
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
    });

    [Fact]
    public Task Body_of_a_client_that_does_not_wait_for_continue_is_forwarded() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await client.SendAsync("abc");
        Assert.Equal("abc", await server.ReadAsync(3));
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
    });

    [Fact]
    public Task Refusal_instead_of_continue_closes_the_connection_and_says_so() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Contains("connection: close\r\n", await client.ReadToEndAsync());
        Assert.True((await server.DrainAsync()).Reset);
    });

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "Content-Length: 99\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "Content-Length: 99\r\n")]
    public Task Responses_that_never_have_a_body_leave_the_connection_in_step(string method, string answer, string expected) => With(async (gateway, app, client) =>
    {
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n" + Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(answer);
        Assert.Contains(expected, await client.ReadHeadAsync());
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadMessageAsync());
    });

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nContent-Length: x\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\n")]
    public Task Length_of_what_has_no_body_is_not_passed_on(string answer) => With(async (gateway, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(answer + "HTTP/1.1");
        string head = await client.ReadHeadAsync();
        Assert.StartsWith(answer[..15], head);
        Assert.DoesNotContain("content-length", head, StringComparison.OrdinalIgnoreCase);
    });

    // RFC 9110 7.8: it would not get the 101 that tells it.
    [Fact]
    public Task Client_of_HTTP_1_0_cannot_ask_for_another_protocol() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.DoesNotContain("upgrade", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("sec-websocket-key", head);
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadToEndAsync());
    });

    [Fact]
    public Task Response_that_ends_with_its_connection_is_delimited_for_the_client() => With(async (gateway, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 200 OK\r\n\r\nall of it");
        await server.FinishAsync();
        Assert.EndsWith("9\r\nall of it\r\n0\r\n\r\n", await client.ReadUntilAsync("\r\n0\r\n\r\n"));
    });

    [Fact]
    public Task Early_answer_reaches_a_client_that_is_still_sending() => With(async (gateway, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        var sending = SendUntilBrokenAsync(client, 4_000_000);
        await server.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        await server.FinishAsync();
        Assert.EndsWith("big", await client.ReadToEndAsync());
        client.Abort();
        await sending;
        Assert.Equal((413, ResponseFlag.None), await OutcomeAsync(gateway));
    });

    [Fact]
    public Task Large_bodies_arrive_unchanged_in_both_directions() => With(async (gateway, app, client) =>
    {
        const int size = 64 * 1024 * 1024;
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        await client.ReadHeadAsync();
        await Task.WhenAll(Pattern.SendAsync(client, size), Pattern.EchoAsync(server, size), Pattern.CheckAsync(client, size));
    });

    private static async Task SendUntilBrokenAsync(Peer client, int bytes)
    {
        try
        {
            await Pattern.SendAsync(client, bytes);
        }
        catch (Mesh.Io.ConnectionBrokenException)
        {
            // The proxy need not take what nobody reads.
        }
    }

    private static async Task<(int, ResponseFlag)> OutcomeAsync(TestGateway gateway)
    {
        var record = await gateway.RecordAsync();
        return (record.Status, record.Flag);
    }

    private static async Task With(Func<TestGateway, PeerServer, Peer, Task> test)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () => await test(gateway, app, await gateway.ConnectAsync()));
    }
}
