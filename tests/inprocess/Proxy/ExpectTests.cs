using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Expect: 100-continue (RFC 9110 10.1.1) over both versions on either side; the application decides, or the mesh where it answers itself.</summary>
public sealed class ExpectTests
{
    private const string Asking = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task No_route_is_said_without_asking_for_the_body_and_the_connection_is_closed()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/there", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Asking);
            string answer = await client.ReadToEndAsync();
            Assert.StartsWith("HTTP/1.1 404 ", answer);
            Assert.Contains("connection: close\r\n", answer);
        });
        Assert.Equal(404, (await gateway.RecordAsync()).Status);
    }

    [Fact]
    public async Task Body_that_was_asked_for_and_sent_leaves_the_connection_usable()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            for (int i = 0; i < 3; i++)
            {
                await client.SendAsync(Asking);
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                await client.ReadHeadAsync();
                await client.SendAsync("abc");
                await server.ReadAsync(3);
                await server.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
                Assert.DoesNotContain("connection: close", await client.ReadMessageAsync());
            }
        });
    }

    [Theory]
    [InlineData("417 Expectation Failed")]
    [InlineData("200 OK")]
    [InlineData("302 Found")]
    public async Task Final_answer_instead_of_continue_closes_and_says_so(string status)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Asking);
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            string answer = await client.ReadToEndAsync();
            Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer);
            Assert.Contains("connection: close\r\n", answer);
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP2_waits_for_an_application_of_HTTP1(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).Http2.OpenAsync(Request("POST", "/", ("expect", "100-continue"), ("content-length", "3")), endStream: false);
        var server = await app.AcceptAsync();
        Assert.Contains("expect: 100-continue\r\n", await server.ReadHeadAsync());
        await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("100", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        await Http2Peer.SendAsync(request, "abc");
        await request.Output.CompleteAsync();
        Assert.Equal("abc", await server.ReadAsync(3));
        await server.SendAsync(Ok);
        Assert.Equal("200", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        Assert.Equal("ok", await Bodies.ReadTextAsync(request.Input));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP2_is_refused_by_an_application_of_HTTP1_and_its_stream_alone_ends(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var request = await peer.Http2.OpenAsync(Request("POST", "/", ("expect", "100-continue"), ("content-length", "3")), endStream: false);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("417", Text(await request.ReadHeadersAsync(interim: true), ":status"));
        Assert.Equal(0, (await server.DrainAsync()).Bytes);
        var next = await peer.RequestAsync(Request());
        var second = await app.AcceptAsync();
        await second.ReadHeadAsync();
        await second.SendAsync(Ok);
        Assert.Equal("200", Text(await next.ReadHeadersAsync(), ":status"));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP1_waits_for_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync(Asking);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal("100-continue", Text(stream.Headers, "expect"));
        await stream.SendHeadersAsync(Response(100), endStream: false);
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        await client.SendAsync("abc");
        Assert.Equal("abc", await Bodies.ReadTextAsync(stream.Input));
        await Http2Peer.RespondAsync(stream, Response(200), "ok");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync());
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_of_HTTP1_is_refused_by_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        await client.SendAsync(Asking);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(417), endStream: true);
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 417 ", answer);
        Assert.Contains("connection: close\r\n", answer);
    });

    /// <summary>Denied at the server's node, by account when the tunnel is opened or by path when the request is read, or in one pass on the same node.</summary>
    [Theory]
    [InlineData("a", true, TestMachines.Wire.Http)]
    [InlineData("a", false, TestMachines.Wire.Http)]
    [InlineData("b", true, TestMachines.Wire.Http)]
    [InlineData("b", false, TestMachines.Wire.Http)]
    [InlineData("a", false, TestMachines.Wire.Http2)]
    [InlineData("b", true, TestMachines.Wire.Http2)]
    [InlineData("b", false, TestMachines.Wire.Http2)]
    public void Denied_client_of_HTTP1_is_not_asked_for_its_body_and_the_connection_is_closed(string machine, bool byAccount, TestMachines.Wire wire) => With(machine, wire, async (app, client) =>
    {
        await client.SendAsync(Asking.Replace("POST / ", "POST /admin ", StringComparison.Ordinal));
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 403 ", answer);
        Assert.Contains("x-mesh-error: UAEX ", answer);
        Assert.Contains("connection: close\r\n", answer);
        await NothingCameAsync(app);
    }, Denied(byAccount));

    /// <summary>A client that has not waited: its body is no request.</summary>
    [Theory]
    [InlineData("a", true)]
    [InlineData("a", false)]
    [InlineData("b", true)]
    [InlineData("b", false)]
    public void Denied_client_of_HTTP1_that_sent_its_body_all_the_same_gets_one_answer(string machine, bool byAccount) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        const string body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        await client.SendAsync($"POST /admin HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 403 ", answer);
        await NothingCameAsync(app);
        if (!answer.Contains("connection: close\r\n", StringComparison.Ordinal))
        {
            // The body was read as one: what follows it is the next request.
            await client.SendAsync("GET /admin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 403 ", await client.ReadMessageAsync());
        }
        Assert.Equal("", await client.ReadToEndAsync());
    }, Denied(byAccount));

    [Theory]
    [InlineData("a", true, TestMachines.Wire.Http)]
    [InlineData("a", false, TestMachines.Wire.Http)]
    [InlineData("b", true, TestMachines.Wire.Http)]
    [InlineData("b", false, TestMachines.Wire.Http)]
    [InlineData("b", false, TestMachines.Wire.Http2)]
    public void Denied_client_of_HTTP2_is_not_asked_for_its_body_and_its_connection_goes_on(string machine, bool byAccount, TestMachines.Wire wire) => With(machine, wire, async (app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        for (int i = 0; i < 3; i++)
        {
            var request = await peer.Http2.OpenAsync(Request("POST", "/admin", ("expect", "100-continue"), ("content-length", "3")), endStream: false);
            var head = await request.ReadHeadersAsync(interim: true);
            Assert.Equal("403", Text(head, ":status"));
            Assert.StartsWith("UAEX ", Text(head, "x-mesh-error"));
        }
        var unused = await NothingCameAsync(app);
        if (byAccount) return;
        var next = await peer.RequestAsync(Request());
        if (wire == TestMachines.Wire.Http2)
        {
            // One connection that all streams share: the one that is there already.
            await Http2Peer.RespondAsync(await Http2Peer.Server(unused.Single().Connection).AcceptAsync(), Response(200), "ok");
        }
        else
        {
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync(Ok);
        }
        Assert.Equal("200", Text(await next.ReadHeadersAsync(), ":status"));
    }, Denied(byAccount));

    /// <summary>The application may have been connected before the request was read, but was told nothing.</summary>
    private static async Task<List<Peer>> NothingCameAsync(PeerServer app)
    {
        var unused = new List<Peer>();
        while (unused.Count < app.Count)
        {
            unused.Add(await app.AcceptAsync());
            var input = unused[^1].Connection.Input;
            try
            {
                if (!input.TryRead(out var read)) continue;
                Assert.True(read.Buffer.IsEmpty);
                input.AdvanceTo(read.Buffer.End);
            }
            catch (ConnectionBrokenException)
            {
                // It was not needed any more.
            }
        }
        return unused;
    }

    private static AccessPolicy Denied(bool byAccount) => new()
    {
        Namespace = "shop",
        Name = "no-web",
        Action = AccessPolicy.Types.Action.Deny,
        Targets = { new Target { Workload = "shop/cart" } },
        Rules =
        {
            byAccount ? new AccessRule { From = { new AccessFrom { ServiceAccounts = { "shop/web" } } } }
                : new AccessRule { To = { new AccessTo { Paths = { new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/admin" } } } } },
        },
    };

    private static void With(string machine, TestMachines.Wire wire, Func<PeerServer, Peer, Task> test, AccessPolicy? policy = null)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        if (policy is not null) machines.With(policy);
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
