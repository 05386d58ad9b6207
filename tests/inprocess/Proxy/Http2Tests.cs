using System.Buffers;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>HTTP/2 on either side of the daemon, on one machine ("a") and through a tunnel ("b").</summary>
public sealed class Http2Tests
{
    [Theory]
    [InlineData("a", TestMachines.Wire.Http2)]
    [InlineData("b", TestMachines.Wire.Http2)]
    [InlineData("a", TestMachines.Wire.Detect)]
    [InlineData("b", TestMachines.Wire.Detect)]
    public void Request_of_HTTP2_reaches_an_application_of_HTTP2_whole(string machine, TestMachines.Wire wire) => With(machine, wire, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(
            Request("POST", "/a?b=c", ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")), "question", Of(("sum", "8"), ("content-length", "9"), ("authorization", "x")));
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal(("POST", "/a?b=c", "catalog.shop.mesh"), (Text(stream.Headers, ":method"), Text(stream.Headers, ":path"), Text(stream.Headers, ":authority")));
        Assert.Equal(("trailers", "a=1; b=2"), (Text(stream.Headers, "te"), Text(stream.Headers, "cookie")));
        Assert.Equal("question", await Bodies.ReadTextAsync(stream.Input));
        Assert.Equal(("8", 1), (Text(stream.Trailers!, "sum"), stream.Trailers!.Count));
        await Http2Peer.RespondAsync(stream, Response(200, ("x-from", "app")), "answer", Of(("checked", "yes")));
        Assert.Equal("app", Text(await request.ReadHeadersAsync(), "x-from"));
        Assert.Equal("answer", await Bodies.ReadTextAsync(request.Input));
        Assert.Equal("yes", Text(request.Trailers!, "checked"));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Request_of_HTTP2_is_translated_for_an_application_of_HTTP1(string machine) => With(machine, TestMachines.Wire.Http, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request("POST", "/a", ("cookie", "a=1"), ("cookie", "b=2")), "question", Of(("sum", "8")));
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.StartsWith("POST /a HTTP/1.1\r\nhost: catalog.shop.mesh\r\n", head);
        Assert.Contains("cookie: a=1; b=2\r\n", head);
        Assert.Contains("transfer-encoding: chunked\r\n", head);
        Assert.Equal("8\r\nquestion\r\n0\r\nsum: 8\r\n\r\n", await server.ReadUntilAsync("sum: 8\r\n\r\n"));
        await server.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-From: App\r\n\r\n6\r\nanswer\r\n0\r\nChecked: yes\r\n\r\n");
        var answer = await request.ReadHeadersAsync();
        Assert.Equal(("200", "App", null, null), (Text(answer, ":status"), Text(answer, "x-from"), Text(answer, "x-hop"), Text(answer, "connection")));
        Assert.Equal("answer", await Bodies.ReadTextAsync(request.Input));
        Assert.Equal("yes", Text(request.Trailers!, "checked"));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Request_of_HTTP1_is_translated_for_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("PUT /a?b HTTP/1.1\r\nHost: cart\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Name: V\r\nContent-Length: 4\r\n\r\nbody");
        var peer = Http2Peer.Server((await app.AcceptAsync()).Connection);
        var stream = await peer.AcceptAsync();
        Assert.Equal(("PUT", "/a?b", "cart", "http"),
            (Text(stream.Headers, ":method"), Text(stream.Headers, ":path"), Text(stream.Headers, ":authority"), Text(stream.Headers, ":scheme")));
        Assert.Equal(("V", "4", null, null), (Text(stream.Headers, "x-name"), Text(stream.Headers, "content-length"), Text(stream.Headers, "x-hop"), Text(stream.Headers, "host")));
        Assert.Equal("body", await Bodies.ReadTextAsync(stream.Input));
        await Http2Peer.RespondAsync(stream, Response(201), "no length", Of(("after", "all")));
        string head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 201 Created\r\n", head);
        Assert.Contains("transfer-encoding: chunked\r\n", head);
        Assert.Equal("9\r\nno length\r\n0\r\nafter: all\r\n\r\n", await client.ReadUntilAsync("after: all\r\n\r\n"));

        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: cart\r\n\r\n");
        var second = await peer.AcceptAsync();
        await Http2Peer.RespondAsync(second, Response(200, ("content-length", "77")));
        Assert.Contains("content-length: 77\r\n", await client.ReadHeadAsync());
        Assert.Equal(1, app.Count);
    });

    [Fact]
    public void Trailers_after_a_body_of_no_bytes_are_kept() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await Http2Peer.RespondAsync(stream, Response(200, ("content-length", "0")), null, Of(("sum", "0")));
        string head = await client.ReadHeadAsync();
        Assert.Contains("transfer-encoding: chunked\r\n", head);
        Assert.DoesNotContain("content-length", head);
        Assert.Equal("0\r\nsum: 0\r\n\r\n", await client.ReadUntilAsync("sum: 0\r\n\r\n"));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Interim_responses_pass_between_the_versions(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: cart\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(100), endStream: false);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
        await client.SendAsync("ok");
        Assert.Equal("ok", await Bodies.ReadTextAsync(stream.Input));
        await stream.SendHeadersAsync(Response(103, ("link", "</a.css>")), endStream: false);
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n", await client.ReadHeadAsync());
        await Http2Peer.RespondAsync(stream, Response(204));
        Assert.StartsWith("HTTP/1.1 204 ", await client.ReadHeadAsync());
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Streams_of_one_client_do_not_wait_for_each_other(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var slow = await peer.RequestAsync(Request(path: "/slow"));
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        var waiting = await server.AcceptAsync();
        var quick = await peer.RequestAsync(Request(path: "/quick"));
        await Http2Peer.RespondAsync(await server.AcceptAsync(), Response(200), "quick");
        await quick.ReadHeadersAsync();
        Assert.Equal("quick", await Bodies.ReadTextAsync(quick.Input));
        await Http2Peer.RespondAsync(waiting, Response(200), "slow");
        await slow.ReadHeadersAsync();
        Assert.Equal("slow", await Bodies.ReadTextAsync(slow.Input));
        Assert.Equal(1, app.Count);
    });

    [Fact]
    public void More_streams_than_a_connection_shall_carry_open_another() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var requests = new List<Http2Stream> { await peer.RequestAsync(Request()) };
        var first = Http2Peer.Server((await app.AcceptAsync()).Connection);
        await first.AcceptAsync();
        for (int i = 0; i < 100; i++) requests.Add(await peer.RequestAsync(Request()));
        for (int i = 0; i < 99; i++) await first.AcceptAsync();
        await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Client_that_resets_its_stream_resets_the_applications(string machine) => With(machine, TestMachines.Wire.Http2, async (machines, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request());
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        request.Reset(ErrorCode.Cancel);
        await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(async () => await Read(stream));
        Assert.Equal(ErrorCode.Cancel, stream.ResetCode);
        Assert.Equal(ResponseFlag.DC, (await RecordAsync(machines)).Flag);

        // The head had said that there is no body, so the reader has its end already; only a write meets the reset.
        static async Task Read(Http2Stream stream)
        {
            await stream.SendHeadersAsync(Response(200), endStream: false);
            while (true)
            {
                await Http2Peer.SendAsync(stream, "x");
                await Task.Yield();
            }
        }
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Application_that_resets_before_it_answers_gives_503_and_after_it_a_reset(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var early = await peer.RequestAsync(Request("POST"), "x");
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        (await server.AcceptAsync()).Reset(ErrorCode.InternalError);
        var answer = await early.ReadHeadersAsync();
        Assert.Equal("503", Text(answer, ":status"));
        Assert.StartsWith("UC ", Text(answer, "x-mesh-error"));
        early.Dispose();

        var late = await peer.RequestAsync(Request());
        var stream = await server.AcceptAsync();
        await stream.SendHeadersAsync(Response(200), endStream: false);
        await Http2Peer.SendAsync(stream, "part");
        await late.ReadHeadersAsync();
        stream.Reset(ErrorCode.InternalError);
        await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(() => Bodies.ReadAllAsync(late.Input));
    });

    [Fact]
    public void Stream_that_the_application_refused_is_sent_again() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request("POST"));
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        (await server.AcceptAsync()).Reset(ErrorCode.RefusedStream);
        await Http2Peer.RespondAsync(await server.AcceptAsync(), Response(200), "second");
        await request.ReadHeadersAsync();
        Assert.Equal("second", await Bodies.ReadTextAsync(request.Input));
    });

    [Fact]
    public void Application_that_closes_at_the_preface_is_reported_and_not_dialled_for_ever() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request());
        for (int i = 0; i < 2; i++) await (await app.AcceptAsync()).SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        var answer = await request.ReadHeadersAsync();
        Assert.Equal("503", Text(answer, ":status"));
        Assert.Contains("does not serve HTTP/2", Text(answer, "x-mesh-error"));
        Assert.Equal(2, app.Count);
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void WebSocket_over_HTTP2_is_an_upgrade_for_an_application_of_HTTP1(string machine) => With(machine, TestMachines.Wire.Http, async (machines, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        await peer.Http2.WaitForPeerAsync();
        var stream = await peer.Http2.OpenAsync(Request("CONNECT", "/chat", (":protocol", "websocket"), ("sec-websocket-version", "13")), endStream: false);
        var server = await app.AcceptAsync();
        string head = await server.ReadHeadAsync();
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", head);
        Assert.Contains("upgrade: websocket\r\n", head);
        Assert.Contains("connection: upgrade\r\n", head);
        Assert.Matches("sec-websocket-key: [A-Za-z0-9+/]{22}==\r\n", head);
        await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello");
        var answer = await stream.ReadHeadersAsync();
        Assert.Equal(("200", null, null), (Text(answer, ":status"), Text(answer, "upgrade"), Text(answer, "sec-websocket-accept")));
        await Http2Peer.SendAsync(stream, "from the client");
        Assert.Equal("from the client", await server.ReadAsync(15));
        await server.FinishAsync();
        Assert.Equal("hello", await Bodies.ReadTextAsync(stream.Input));
        await stream.Output.CompleteAsync();
        Assert.Equal("", await server.ReadToEndAsync());
        Assert.Equal("websocket", (await RecordAsync(machines)).Labels?.Protocol);
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void WebSocket_of_HTTP1_is_extended_CONNECT_for_an_application_of_HTTP2(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: cart\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal(("CONNECT", "websocket", "/chat"), (Text(stream.Headers, ":method"), Text(stream.Headers, ":protocol"), Text(stream.Headers, ":path")));
        Assert.Null(Text(stream.Headers, "sec-websocket-key"));
        await stream.SendHeadersAsync(Response(200), endStream: false);
        string head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", head);
        // The pair of RFC 6455 1.3.
        Assert.Contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", head);
        await client.SendAsync("up");
        var read = await stream.Input.ReadAtLeastAsync(2);
        stream.Input.AdvanceTo(read.Buffer.End);
        await Http2Peer.SendAsync(stream, "down");
        Assert.Equal("down", await client.ReadAsync(4));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void WebSocket_to_an_application_whose_HTTP2_does_not_offer_it_is_an_error(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: cart\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Http2Peer.Server((await app.AcceptAsync()).Connection, Http2Settings.Server);
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 502 ", answer);
        Assert.Contains("RFC 8441", answer);
    });

    [Fact]
    public void Request_without_authority_is_refused() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Of((":method", "GET"), (":scheme", "http"), (":path", "/")));
        Assert.Equal("400", Text(await request.ReadHeadersAsync(), ":status"));
        Assert.Equal(0, app.Count);
    });

    [Fact]
    public void Client_that_resets_without_end_is_cut_off_and_counted() => With("a", TestMachines.Wire.Http2, async (machines, _, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        while (peer.Http2.CanOpen || peer.Http2.IsOpen && !peer.Http2.Draining)
        {
            for (int i = 0; i < 50 && peer.Http2.CanOpen; i++) (await peer.Http2.OpenAsync(Request(), endStream: true)).Reset(ErrorCode.Cancel);
            await machines.PassAsync(TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal((Mesh.Proxy.Reporting.Http2Side.Downstream, ErrorCode.EnhanceYourCalm), Assert.Single(machines.TrafficOf("a").Http2Failures));
    });

    [Fact]
    public void Stream_whose_client_takes_nothing_is_reset_after_five_minutes() => With("a", TestMachines.Wire.Http2, async (machines, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request());
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(200), endStream: false);
        string much = new('x', 4 * 1024 * 1024);
        var sending = Http2Peer.SendAsync(stream, much);
        await request.ReadHeadersAsync();
        await machines.PassAsync(TimeSpan.FromMinutes(7));
        Assert.Equal(ErrorCode.Cancel, request.ResetCode);
        await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(() => sending);
    }, TimeSpan.FromMinutes(10));

    // Servers of gRPC answer pings without data with GOAWAY.
    [Fact]
    public void Application_is_not_pinged() => With("a", TestMachines.Wire.Http2, async (machines, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request());
        var server = await app.AcceptAsync();
        await server.SendAsync(RawPeer.Frame(4, 0, 0).Concat(RawPeer.Frame(4, 1, 0)).ToArray());
        var received = new List<byte>();
        var drained = server.DrainAsync(buffer => received.AddRange(buffer.ToArray()));
        await machines.PassAsync(TimeSpan.FromMinutes(3));
        request.Reset(ErrorCode.Cancel);
        await machines.PassAsync(TimeSpan.FromSeconds(1));
        var types = new List<byte>();
        for (int at = Preface.Bytes.Length; at < received.Count; at += 9 + (received[at] << 16 | received[at + 1] << 8 | received[at + 2])) types.Add(received[at + 3]);
        Assert.Contains((byte)1, types);
        Assert.Contains((byte)3, types);
        Assert.DoesNotContain((byte)6, types);
        server.Abort();
        await drained;
    }, TimeSpan.FromMinutes(10));

    private static async Task<TrafficRecord> RecordAsync(TestMachines machines)
    {
        for (int turns = 0; turns < 10_000; turns++)
        {
            if (machines.TrafficOf("a").Records.FirstOrDefault() is { } record) return record;
            await Task.Yield();
        }
        throw new TimeoutException("machine a has reported nothing");
    }

    /// <summary>The client web is on machine a; cart on the machine given.</summary>
    private static void With(string machine, TestMachines.Wire wire, Func<TestMachines, PeerServer, Peer, Task> test, TimeSpan? within = null)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines, machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)), within);
    }
}
