using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Opaque connections between nodes of ours: one TLS connection each while they live, kept for the next.</summary>
public sealed class DirectTunnelTests
{
    [Fact]
    public void Next_connection_uses_the_tunnel_of_the_one_that_ended() => With(async (machines, app) =>
    {
        for (int i = 0; i < 3; i++) await ExchangeAsync(machines, app);
        Assert.Equal(1, machines.Handshakes);
    });

    // The destination knows the port as HTTP, by another port of the service.
    [Fact]
    public void HTTP_client_that_says_close_leaves_the_tunnel_usable() => With(async (machines, app) =>
    {
        for (int i = 0; i < 3; i++)
        {
            var client = await machines.ConnectAsync("web", new IpPort(TestMachines.Cart.Address, 81));
            await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n");
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            await server.FinishAsync();
            Assert.EndsWith("ok", await client.ReadToEndAsync());
            await client.FinishAsync();
            await machines.PassAsync(TimeSpan.FromMilliseconds(20));
        }
        Assert.Equal(1, machines.Handshakes);
    }, static machines => (machines.Protocol, machines.SecondPort) = (TestMachines.Wire.Http, (81, TestMachines.Wire.Tcp)));

    [Fact]
    public void Connections_at_the_same_time_have_a_tunnel_each() => With(async (machines, app) =>
    {
        var clients = new List<Peer>();
        for (int i = 0; i < 3; i++) clients.Add(await machines.ConnectAsync("web", TestMachines.Cart));
        foreach (var client in clients) await client.SendAsync("x");
        for (int i = 0; i < 3; i++) Assert.Equal("x", await (await app.AcceptAsync()).ReadAsync(1));
        Assert.Equal(3, machines.Handshakes);
    });

    [Fact]
    public void Reset_reaches_the_application_and_the_next_connection_has_a_new_tunnel() => With(async (machines, app) =>
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        var server = await app.AcceptAsync();
        await client.SendAsync("half");
        Assert.Equal("half", await server.ReadAsync(4));
        client.Abort();
        Assert.True((await server.DrainAsync()).Reset);
        await ExchangeAsync(machines, app);
        Assert.Equal(2, machines.Handshakes);
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Tunnel_made_with_an_earlier_certificate_is_not_used_again(string renewed) => With(async (machines, app) =>
    {
        await ExchangeAsync(machines, app);
        machines.Renew(renewed);
        await ExchangeAsync(machines, app);
        await ExchangeAsync(machines, app);
        Assert.Equal(2, machines.Handshakes);
    });

    [Fact]
    public void Peer_that_knows_only_HBONE_is_reached_by_it() => With(async (machines, app) =>
    {
        for (int i = 0; i < 3; i++) await ExchangeAsync(machines, app);
        Assert.Equal(1, machines.Handshakes);
    }, machines => machines.HboneOnly.Add("b"));

    [Fact]
    public void Refusal_leaves_the_tunnel_usable() => With(async (machines, _) =>
    {
        for (int i = 0; i < 2; i++) Assert.True((await (await machines.ConnectAsync("web", TestMachines.Cart)).DrainAsync()).Reset);
        Assert.Equal(1, machines.Handshakes);
    }, machines => machines.With(new AccessPolicy
    {
        Namespace = "shop",
        Name = "no-web",
        Action = AccessPolicy.Types.Action.Deny,
        Targets = { new Target { Workload = "shop/cart" } },
        Rules = { new AccessRule { From = { new AccessFrom { ServiceAccounts = { "shop/web" } } } } },
    }));

    [Fact]
    public void Idle_tunnel_is_closed_and_the_next_connection_works() => With(async (machines, app) =>
    {
        await ExchangeAsync(machines, app);
        await machines.PassAsync(TimeSpan.FromMinutes(5));
        await ExchangeAsync(machines, app);
        Assert.Equal(2, machines.Handshakes);
    });

    private static async Task ExchangeAsync(TestMachines machines, PeerServer app)
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        await client.SendAsync("question");
        await client.FinishAsync();
        var server = await app.AcceptAsync();
        Assert.Equal(("question", Ip.Parse("10.0.1.1")), (await server.ReadToEndAsync(), server.Connection.RemoteAddress.Address));
        await server.SendAsync("answer");
        await server.FinishAsync();
        Assert.Equal("answer", await client.ReadToEndAsync());
        // The tunnel is free when both nodes have seen both ends.
        await machines.PassAsync(TimeSpan.FromMilliseconds(20));
    }

    private static void With(Func<TestMachines, PeerServer, Task> test, Action<TestMachines>? prepare = null)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Tcp, Tunnel = Tunnel.Direct };
        prepare?.Invoke(machines);
        machines.Enrol("a", "web", "10.0.1.1").Enrol("b", "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines, machines.Listen("cart")), within: TimeSpan.FromMinutes(10));
    }
}
