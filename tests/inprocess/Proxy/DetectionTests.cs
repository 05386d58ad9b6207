using Mesh.Kit.Proxy;
using Mesh.Kit.Tls;
using Mesh.Protocol.Config;
using Mesh.Proxy.Reporting;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Ports whose protocol nobody named: who speaks first decides, and what is remembered costs nobody a byte.</summary>
public sealed class DetectionTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: cart\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static TheoryData<string, DetectionResult> FirstWords => new()
    {
        { Request, DetectionResult.Http1 },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DetectionResult.Http2 },
        { System.Text.Encoding.Latin1.GetString(new TestHello { ServerName = "a.b" }.ToBytes()), DetectionResult.Tls },
        { "hello\r\n", DetectionResult.Tcp },
        { "QUIT", DetectionResult.Timeout },
    };

    [Theory]
    [MemberData(nameof(FirstWords))]
    public void What_a_client_says_first_is_counted(string text, DetectionResult result) => With(async (machines, app) =>
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        var server = await app.AcceptAsync();
        await client.SendAsync(text);
        Assert.Equal(text[..4], await server.ReadAsync(4));
        Assert.Equal(result, Assert.Single(machines.TrafficOf("a").Detections));
    });

    [Fact]
    public void Server_that_speaks_first_is_heard_at_once_and_counted() => With(async (machines, app) =>
    {
        for (int i = 0; i < 3; i++)
        {
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            var server = await app.AcceptAsync();
            await server.SendAsync("220 ready\r\n");
            Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
            await client.SendAsync(Request);
            Assert.Equal(Request, await server.ReadHeadAsync());
        }
        Assert.Equal(Enumerable.Repeat(DetectionResult.ServerFirst, 3), machines.TrafficOf("a").Detections);
    });

    [Fact]
    public void Connection_that_ends_before_anybody_speaks_is_no_lesson() => With(async (machines, app) =>
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        await client.FinishAsync();
        var server = await app.AcceptAsync();
        Assert.Equal("", await server.ReadToEndAsync());
        await server.FinishAsync();
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal(DetectionResult.Closed, Assert.Single(machines.TrafficOf("a").Detections));
        await ExchangeAsync(machines, app);
    });

    [Fact]
    public void Port_known_to_speak_http_is_not_dialled_for_a_client_that_finds_a_kept_connection() => With(async (machines, app) =>
    {
        var server = await ExchangeAsync(machines, app);
        for (int i = 0; i < 3; i++)
        {
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            await VirtualPause.ForAsync(client, TimeSpan.FromMilliseconds(20));
            await client.SendAsync(Request);
            await server.ReadHeadAsync();
            await server.SendAsync(Ok);
            Assert.EndsWith("ok", await client.ReadMessageAsync());
        }
        Assert.Equal(1, app.Count);
    });

    [Fact]
    public void Wrong_guess_delays_a_server_that_speaks_first_by_a_moment_and_is_forgotten() => With(async (machines, app) =>
    {
        await ExchangeAsync(machines, app);
        for (int i = 0; i < 2; i++)
        {
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            var server = await app.AcceptAsync();
            await server.SendAsync("220 ready\r\n");
            Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
        }
        Assert.Equal([DetectionResult.Http1, DetectionResult.ServerFirst, DetectionResult.ServerFirst], machines.TrafficOf("a").Detections);
        await ExchangeAsync(machines, app);
    });

    [Fact]
    public void Ambiguous_beginning_waits_once_and_a_request_after_it_is_a_request() => With(async (machines, app) =>
    {
        for (int i = 0; i < 2; i++)
        {
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            var server = await app.AcceptAsync();
            await client.SendAsync("QUIT");
            // In virtual time: a second at first, then nothing.
            await VirtualPause.ForAsync(client, TimeSpan.FromSeconds(i == 0 ? 1.1 : 0.02));
            Assert.True(server.Connection.Input.TryRead(out var read) && read.Buffer.Length == 4, $"connection {i}: the beginning is still held");
            server.Connection.Input.AdvanceTo(read.Buffer.End);
            await server.SendAsync("bye");
            Assert.Equal("bye", await client.ReadAsync(3));
        }
        await ExchangeAsync(machines, app);
        Assert.Equal([DetectionResult.Timeout, DetectionResult.Timeout, DetectionResult.Http1], machines.TrafficOf("a").Detections);
    });

    [Fact]
    public void What_was_learned_is_forgotten_after_ten_minutes() => With(async (machines, app) =>
    {
        await ExchangeAsync(machines, app);
        await machines.PassAsync(TimeSpan.FromMinutes(9));
        var held = await machines.ConnectAsync("web", TestMachines.Cart);
        await VirtualPause.ForAsync(held, TimeSpan.FromMilliseconds(30));
        Assert.Equal(1, app.Count);
        held.Abort();
        await machines.PassAsync(TimeSpan.FromMinutes(2));
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        await VirtualPause.ForAsync(client, TimeSpan.FromMilliseconds(30));
        Assert.Equal(2, app.Count);
    });

    /// <returns>The application's end, which is kept for the next request.</returns>
    private static async Task<Peer> ExchangeAsync(TestMachines machines, PeerServer app)
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        var server = await app.AcceptAsync();
        await client.SendAsync(Request);
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
        client.Abort();
        await VirtualPause.ForAsync(client, TimeSpan.FromMilliseconds(10));
        return server;
    }

    private static void With(Func<TestMachines, PeerServer, Task> test)
    {
        foreach (string machine in (string[])["a", "b"])
        {
            var machines = new TestMachines { Protocol = TestMachines.Wire.Detect, Tunnel = Tunnel.Direct };
            machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
            machines.Run(() => test(machines, machines.Listen("cart")), within: TimeSpan.FromMinutes(20));
        }
    }
}
