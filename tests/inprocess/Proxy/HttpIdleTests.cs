using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>The idle timeout of a TrafficPolicy on requests.</summary>
public sealed class HttpIdleTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: cart\r\n\r\n";

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Request_that_nothing_answers_ends_with_504(string machine) => With(machine, async (machines, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 504 ", answer);
        Assert.Contains("x-mesh-error: SI no byte was carried", answer);
        Assert.Equal(ResponseFlag.SI, (await machines.RecordAsync("a")).Flag);
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Response_that_falls_silent_is_cut(string machine) => With(machine, async (machines, app, client) =>
    {
        await client.SendAsync(Get);
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
        Assert.EndsWith("ab", await client.ReadUntilAsync("ab"));
        await client.DrainAsync();
        Assert.Equal((200, ResponseFlag.SI), ((await machines.RecordAsync("a")).Status, (await machines.RecordAsync("a")).Flag));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Bytes_in_either_direction_keep_a_request_from_being_idle(string machine) => With(machine, async (machines, app, client) =>
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: cart\r\nContent-Length: 5\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        for (int i = 0; i < 5; i++)
        {
            await machines.PassAsync(TimeSpan.FromSeconds(50));
            await client.SendAsync("x");
            await server.ReadAsync(1);
        }
        await machines.PassAsync(TimeSpan.FromSeconds(50));
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        for (int i = 0; i < 5; i++)
        {
            await machines.PassAsync(TimeSpan.FromSeconds(50));
            await server.SendAsync("y");
        }
        Assert.EndsWith("yyyyy", await client.ReadMessageAsync());
        // Between requests nothing is idle in this sense.
        await machines.PassAsync(TimeSpan.FromSeconds(50));
        Assert.Equal((200, ResponseFlag.None), ((await machines.RecordAsync("a")).Status, (await machines.RecordAsync("a")).Flag));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void WebSocket_that_is_silent_for_an_hour_in_both_directions_ends(string machine)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () =>
        {
            var (app, client) = (machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart));
            await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            await client.ReadHeadAsync();
            for (int i = 0; i < 3; i++)
            {
                await machines.PassAsync(TimeSpan.FromMinutes(59));
                await (i % 2 == 0 ? client : server).SendAsync("\u0081\u0000");
                await (i % 2 == 0 ? server : client).ReadAsync(2);
            }
            var ended = client.DrainAsync();
            await machines.PassAsync(TimeSpan.FromMinutes(59));
            Assert.False(ended.IsCompleted);
            await ended;
            await server.DrainAsync();
            var record = await machines.RecordAsync("a");
            Assert.Equal((101, ResponseFlag.SI), (record.Status, record.Flag));
        }, TimeSpan.FromHours(6));
    }

    private static void With(string machine, Func<TestMachines, PeerServer, Peer, Task> test)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        machines.With(new TrafficPolicy { Namespace = "shop", Name = "idle", Targets = { new Target { Service = "shop/cart" } }, IdleTimeoutMs = 60_000 }).Start();
        machines.Run(async () => await test(machines, machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)), TimeSpan.FromHours(1));
    }
}
