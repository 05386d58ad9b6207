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

    [Theory]
    [InlineData(TestMachines.Wire.Http)]
    [InlineData(TestMachines.Wire.Http2)]
    public void Answer_that_began_before_its_client_cut_the_request_short_arrives_whole(TestMachines.Wire wire) => With("a", wire, async (machines, app, client) =>
    {
        var (request, answer) = await CutShortAsync(wire, app, client);
        await answer("yes", true);
        Assert.Equal("yes", await Bodies.ReadTextAsync(request.Input));
        Assert.Equal(ResponseFlag.None, (await RecordAsync(machines)).Flag);
    });

    [Theory]
    [InlineData(TestMachines.Wire.Http)]
    [InlineData(TestMachines.Wire.Http2)]
    public void Answer_that_waits_for_what_its_client_does_not_send_ends_after_a_second_of_silence(TestMachines.Wire wire) => With("a", wire, async (machines, app, client) =>
    {
        var (request, answer) = await CutShortAsync(wire, app, client);
        foreach (string some in new[] { "y", "e" })
        {
            await answer(some, false);
            await machines.PassAsync(TimeSpan.FromMilliseconds(900));
            Assert.Empty(machines.TrafficOf("a").Records);
        }
        await machines.PassAsync(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAsync<Mesh.Io.ConnectionBrokenException>(() => Bodies.ReadAllAsync(request.Input));
        Assert.Equal(ResponseFlag.DPE, (await RecordAsync(machines)).Flag);
    }, TimeSpan.FromMinutes(1));

    /// <summary>A request of ten bytes whose answer has begun when its client ends it after one; and what sends some of the answer's three bytes.</summary>
    private static async Task<(Http2Stream Request, Func<string, bool, Task> Answer)> CutShortAsync(TestMachines.Wire wire, PeerServer app, Peer client)
    {
        var request = await Http2Peer.Client(client.Connection).Http2.OpenAsync(Request("POST", "/", ("content-length", "10")), endStream: false);
        await Http2Peer.SendAsync(request, "x");
        var server = await app.AcceptAsync();
        Func<string, bool, Task> answer;
        if (wire == TestMachines.Wire.Http)
        {
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
            answer = (text, _) => server.SendAsync(text);
        }
        else
        {
            var stream = await Http2Peer.Server(server.Connection).AcceptAsync();
            await stream.SendHeadersAsync(Response(200, ("content-length", "3")), endStream: false);
            answer = async (text, ends) =>
            {
                await Http2Peer.SendAsync(stream, text);
                if (ends) await stream.Output.CompleteAsync();
            };
        }
        Assert.Equal("200", Text(await request.ReadHeadersAsync(), ":status"));
        await request.Output.CompleteAsync();
        return (request, answer);
    }

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
    public void Stream_that_the_application_reset_on_a_kept_connection_is_not_sent_again() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        var first = await peer.RequestAsync(Request());
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        await Http2Peer.RespondAsync(await server.AcceptAsync(), Response(200), "first");
        Assert.Equal("first", await Bodies.ReadTextAsync(first.Input));
        var second = await peer.RequestAsync(Request());
        (await server.AcceptAsync()).Reset(ErrorCode.InternalError);
        Assert.Equal("503", Text(await second.ReadHeadersAsync(), ":status"));
        Assert.Equal((2, 1), (server.Http2.StreamsBegun, app.Count));
    });

    [Fact]
    public void Application_that_takes_no_streams_is_reported_and_not_dialled_for_ever() => With("a", TestMachines.Wire.Http2, async (_, app, client) =>
    {
        var request = await Http2Peer.Client(client.Connection).RequestAsync(Request());
        for (int i = 0; i < 2; i++) Http2Peer.Server((await app.AcceptAsync()).Connection, Http2Settings.Requests with { MaxConcurrentStreams = 0 });
        var answer = await request.ReadHeadersAsync();
        Assert.Equal("503", Text(answer, ":status"));
        Assert.Contains("takes no streams", Text(answer, "x-mesh-error"));
        Assert.Equal(2, app.Count);
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
    public void WebSocket_to_an_application_whose_HTTP2_does_not_offer_it_is_an_error(string machine) => With(machine, TestMachines.Wire.Http2, async (_, app, client) =>
    {
        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: cart\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Http2Peer.Server((await app.AcceptAsync()).Connection, Http2Settings.Server);
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 502 ", answer);
        Assert.Contains("RFC 8441", answer);
    });

    [Theory]
    [InlineData("200 OK\r\nContent-Length: 2\r\n\r\nok", "502", "with 200 and did not switch")]
    [InlineData("404 Not Found\r\nContent-Length: 0\r\n\r\n", "404", null)]
    [InlineData("101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "502", "RFC 6455 4.1")]
    [InlineData("101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "502", "RFC 6455 4.1")]
    public void WebSocket_to_an_application_of_HTTP1_that_does_not_take_it_is_no_success(string answer, string status, string? reason) => With("b", TestMachines.Wire.Http, async (_, app, client) =>
    {
        var http2 = Http2Peer.Client(client.Connection).Http2;
        await http2.WaitForPeerAsync();
        var request = await http2.OpenAsync(Request("CONNECT", "/chat", (":protocol", "websocket"), ("sec-websocket-version", "13")), endStream: false);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 " + answer);
        var head = await request.ReadHeadersAsync();
        Assert.Equal(status, Text(head, ":status"));
        if (reason is not null) Assert.Contains(reason, Text(head, "x-mesh-error"));
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

    /// <summary>The application accepts connections and never sends its SETTINGS.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Request_timeout_counts_the_wait_for_a_connection(string machine)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http2, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        machines.With(new TrafficPolicy { Namespace = "shop", Name = "quick", Targets = { new Target { Service = "shop/cart" } }, RequestTimeoutMs = 700 }).Start();
        machines.Run(async () =>
        {
            var app = machines.Listen("cart");
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: cart\r\nContent-Length: 2\r\n\r\nok");
            await app.AcceptAsync();
            var answer = client.ReadMessageAsync();
            await machines.PassAsync(TimeSpan.FromMilliseconds(650));
            Assert.False(answer.IsCompleted);
            await machines.PassAsync(TimeSpan.FromMilliseconds(100));
            Assert.StartsWith("HTTP/1.1 504 ", await answer);
            Assert.Equal(ResponseFlag.UT, (await machines.RecordAsync("a")).Flag);
        });
    }

    /// <summary>Requests that are over at once are never met by who looks; fifty seconds count from the last of them.</summary>
    [Fact]
    public void Connection_is_kept_while_short_requests_use_it_and_for_fifty_seconds_more() => With("a", TestMachines.Wire.Http2, async (machines, app, client) =>
    {
        var peer = Http2Peer.Client(client.Connection);
        Http2Peer? server = null;
        for (int i = 0; i < 10; i++)
        {
            var request = await peer.RequestAsync(Request());
            server ??= Http2Peer.Server((await app.AcceptAsync()).Connection);
            await Http2Peer.RespondAsync(await server.AcceptAsync(), Response(204));
            Assert.Equal("204", Text(await request.ReadHeadersAsync(), ":status"));
            request.Dispose();
            await machines.PassAsync(TimeSpan.FromSeconds(23));
        }
        await machines.PassAsync(TimeSpan.FromSeconds(26));
        Assert.True(server!.Http2.IsOpen);
        await machines.PassAsync(TimeSpan.FromSeconds(7));
        Assert.False(server.Http2.IsOpen);
        Assert.Equal(1, app.Count);
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
