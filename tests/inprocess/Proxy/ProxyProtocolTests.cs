using System.Buffers;
using System.Text;
using Mesh.Http.ProxyProtocol;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>The PROXY protocol: accepted at gateways from those that are trusted, sent to applications that want it.</summary>
public sealed class ProxyProtocolTests
{
    private const string Line = "PROXY TCP4 192.0.2.9 198.51.100.1 1234 443\r\n";
    private static readonly string Binary = Encoding.Latin1.GetString(
        [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12, 192, 0, 2, 9, 198, 51, 100, 1, 4, 210, 1, 187]);
    private static readonly string Local = Encoding.Latin1.GetString([0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0, 0, 0]);

    public static TheoryData<string, string> Headers => new()
    {
        { Line, "192.0.2.9:1234" },
        { Binary, "192.0.2.9:1234" },
        { Local, "127.0.0.1" },
        { "PROXY UNKNOWN\r\n", "127.0.0.1" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public Task Client_of_an_accepted_header_is_passed_on_to_an_application_that_wants_one(string header, string client) => With("127.0.0.0/8", async (gateway, app) =>
    {
        foreach (int step in (int[])[header.Length, 1])
        {
            var peer = await gateway.ConnectAsync();
            for (int at = 0; at < header.Length; at += step)
            {
                await peer.SendAsync(header.Substring(at, Math.Min(step, header.Length - at)));
                await Task.Yield();
            }
            var server = await app.AcceptAsync();
            var (source, identity) = await ReadHeaderAsync(server);
            Assert.StartsWith(client, source);
            Assert.Equal("", identity);
            await peer.SendAsync("question");
            Assert.Equal("question", await server.ReadAsync(8));
            await server.SendAsync("answer");
            Assert.Equal("answer", await peer.ReadAsync(6));
        }
    });

    [Fact]
    public Task Header_of_somebody_who_is_not_trusted_is_data() => With("10.0.0.0/8", async (gateway, app) =>
    {
        var peer = await gateway.ConnectAsync();
        await peer.SendAsync(Line);
        var server = await app.AcceptAsync();
        Assert.StartsWith("127.0.0.1", (await ReadHeaderAsync(server)).Source);
        Assert.Equal(Line, await server.ReadAsync(Line.Length));
    });

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "does not begin with a PROXY header")]
    [InlineData("PROXY TCP4 a b 1 2\r\n", "address")]
    public Task Connection_of_a_trusted_address_without_a_header_is_refused_and_told(string text, string reason) => With("127.0.0.0/8", async (gateway, app) =>
    {
        var peer = await gateway.ConnectAsync();
        await peer.SendAsync(text);
        Assert.Equal((0, true), await peer.DrainAsync());
        Assert.Equal(0, app.Count);
        var record = await gateway.RecordAsync();
        Assert.Equal(ResponseFlag.DPE, record.Flag);
        Assert.Contains(reason, record.Reason);
    });

    [Fact]
    public Task Half_a_header_and_the_end_is_refused() => With("127.0.0.0/8", async (gateway, app) =>
    {
        var peer = await gateway.ConnectAsync();
        await peer.SendAsync("PROXY TCP4 ");
        await peer.FinishAsync();
        await peer.DrainAsync();
        Assert.Equal((0, ResponseFlag.DPE), (app.Count, (await gateway.RecordAsync()).Flag));
    });

    public static TheoryData<string, Tunnel, TestMachines.Wire> Mesh => new()
    {
        { "a", Tunnel.Direct, TestMachines.Wire.Tcp },
        { "b", Tunnel.Direct, TestMachines.Wire.Tcp },
        { "b", Tunnel.Hbone, TestMachines.Wire.Tcp },
        { "a", Tunnel.Hbone, TestMachines.Wire.Http },
        { "b", Tunnel.Hbone, TestMachines.Wire.Http },
        { "b", Tunnel.Direct, TestMachines.Wire.Detect },
    };

    [Theory]
    [MemberData(nameof(Mesh))]
    public void Application_learns_the_clients_address_and_identity_before_anybody_speaks(string machine, Tunnel tunnel, TestMachines.Wire wire)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = tunnel };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").With(Sending("shop", "shop/cart")).Start();
        machines.Run(async () =>
        {
            var app = machines.Listen("cart");
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            if (wire == TestMachines.Wire.Http) await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
            var server = await app.AcceptAsync();
            var (source, identity) = await ReadHeaderAsync(server);
            Assert.StartsWith("10.0.1.1:", source);
            Assert.Equal("spiffe://cluster.local/ns/shop/sa/web", identity);
            if (wire == TestMachines.Wire.Http) Assert.StartsWith("GET / HTTP/1.1\r\n", await server.ReadHeadAsync());
            else
            {
                await server.SendAsync("220 ready\r\n");
                Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
            }
        });
    }

    private static async Task<(string Source, string Identity)> ReadHeaderAsync(Peer server)
    {
        while (true)
        {
            var read = await server.Connection.Input.ReadAsync();
            if (ProxyHeaderReader.TryRead(read.Buffer, out var header, out int length))
            {
                string text = Encoding.Latin1.GetString(read.Buffer.Slice(0, length));
                server.Connection.Input.AdvanceTo(read.Buffer.GetPosition(length));
                int identity = text.IndexOf("spiffe://", StringComparison.Ordinal);
                return (header.Source!.Value.ToString(), identity < 0 ? "" : text[identity..]);
            }
            server.Connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static TrafficPolicy Sending(string space, string service) => new()
    {
        Namespace = space,
        Name = "send",
        Targets = { new Target { Service = service } },
        ProxyProtocol = new ProxyProtocol { Send = ProxyProtocol.Types.Version.V2 },
    };

    private static async Task With(string trusted, Func<TestGateway, PeerServer, Task> test)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.With(Sending("test", "test/s0")).With(new TrafficPolicy
        {
            Namespace = "test",
            Name = "accept",
            Targets = { new Target { Gateway = "test/gw", Listener = "l" } },
            ProxyProtocol = new ProxyProtocol { AcceptFrom = { trusted } },
        });
        gateway.StartTcp(app.Address);
        await gateway.RunAsync(() => test(gateway, app));
    }
}
