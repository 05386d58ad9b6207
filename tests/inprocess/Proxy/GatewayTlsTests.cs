using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Kit.Tls;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Listeners of TLS that pass through: the server name decides, the bytes are not touched.</summary>
public sealed class GatewayTlsTests
{
    [Theory]
    [InlineData("a.example", 0)]
    [InlineData("x.wide.example", 1)]
    [InlineData("else.org", 2)]
    [InlineData(null, 2)]
    public async Task Name_chooses_the_backend_and_every_byte_arrives_as_it_was(string? name, int backend)
    {
        await using var gateway = new TestGateway();
        PeerServer[] apps = [gateway.App(), gateway.App(), gateway.App()];
        gateway.TlsRoute(["a.example"], [apps[0].Address]).TlsRoute(["*.wide.example"], [apps[1].Address]).TlsRoute([], [apps[2].Address]).StartTls("");
        await gateway.RunAsync(async () =>
        {
            var hello = new TestHello { ServerName = name };
            foreach (int recordBytes in (int[])[1 << 14, 9])
            {
                byte[] bytes = [.. (hello with { RecordBytes = recordBytes }).ToBytes(), 23, 3, 3, 0, 1, 9];
                var client = await gateway.ConnectAsync();
                await client.SendAsync(bytes);
                var server = await apps[backend].AcceptAsync();
                Assert.Equal(bytes, System.Text.Encoding.Latin1.GetBytes(await server.ReadAsync(bytes.Length)));
                await server.SendAsync("hello back");
                await server.FinishAsync();
                await client.FinishAsync();
                Assert.Equal("hello back", await client.ReadToEndAsync());
            }
            var record = await gateway.RecordAsync(1);
            Assert.Equal(("tls", name ?? "", ResponseFlag.None), (record.Labels?.Protocol, record.ServerName, record.Flag));
            Assert.StartsWith("test/tls", record.Route);
        });
    }

    [Fact]
    public Task Hello_may_come_in_any_two_segments() => With(async (gateway, app) =>
    {
        byte[] bytes = new TestHello { ServerName = "a.example" }.ToBytes();
        for (int at = 1; at < bytes.Length; at++)
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(bytes.AsMemory(0, at));
            await Task.Yield();
            await client.SendAsync(bytes.AsMemory(at));
            await using var server = await app.AcceptAsync();
            await server.ReadAsync(bytes.Length);
            await client.DisposeAsync();
        }
    });

    public static TheoryData<byte[], ResponseFlag, string> Refused => new()
    {
        { new TestHello { ServerName = "b.example" }.ToBytes(), ResponseFlag.NR, "no TLSRoute of gateway test/gw port 0 takes the server name b.example" },
        { new TestHello { ServerName = "x.a.example" }.ToBytes(), ResponseFlag.NR, "takes the server name x.a.example" },
        { new TestHello().ToBytes(), ResponseFlag.NR, "names no server" },
        { new TestHello { IsEncrypted = true }.ToBytes(), ResponseFlag.NR, "names no server" },
        { new TestHello { ServerName = "a/b" }.ToBytes(), ResponseFlag.DPE, "malformed" },
        { "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), ResponseFlag.DPE, "does not begin with a ClientHello" },
        { [22, 3, 1, 0x40, 0, 1, 0xFF, 0xFF, 0xFF], ResponseFlag.DPE, "more than 16384" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public Task What_no_route_takes_is_reset_and_told(byte[] bytes, ResponseFlag flag, string reason) => With(async (gateway, app) =>
    {
        var client = await gateway.ConnectAsync();
        await client.SendAsync(bytes);
        Assert.Equal((0L, true), await client.DrainAsync());
        Assert.Equal(0, app.Count);
        var record = await gateway.RecordAsync();
        Assert.Equal(flag, record.Flag);
        Assert.Contains(reason, record.Reason);
    });

    [Fact]
    public Task Client_that_leaves_before_its_hello_is_told_as_gone() => With(async (gateway, app) =>
    {
        var client = await gateway.ConnectAsync();
        await client.FinishAsync();
        await client.DrainAsync();
        Assert.Equal((0, ResponseFlag.DC), (app.Count, (await gateway.RecordAsync()).Flag));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task Hello_that_does_not_come_in_time_ends_the_connection(int bytes)
    {
        await using var gateway = new TestGateway(new Mesh.Proxy.ProxyOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(100) });
        var app = gateway.App();
        gateway.TlsRoute(["a.example"], [app.Address]).StartTls("");
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(new TestHello { ServerName = "a.example" }.ToBytes().AsMemory(0, bytes));
            Assert.True((await client.DrainAsync()).Reset);
            Assert.Equal((0, ResponseFlag.DT), (app.Count, (await gateway.RecordAsync()).Flag));
        });
    }

    [Theory]
    [InlineData("x.a.example", 0)]
    [InlineData("x.b.example", 1)]
    public async Task Routes_of_the_listener_that_fits_best_are_asked_and_no_others(string name, int backend)
    {
        await using var gateway = new TestGateway();
        PeerServer[] apps = [gateway.App(), gateway.App()];
        gateway.TlsRoute([], [apps[0].Address], "*.a.example").TlsRoute([], [apps[1].Address], "every").StartTls("*.a.example", "", "*.c.example");
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            byte[] bytes = new TestHello { ServerName = name }.ToBytes();
            await client.SendAsync(bytes);
            await (await apps[backend].AcceptAsync()).ReadAsync(bytes.Length);

            var lost = await gateway.ConnectAsync();
            await lost.SendAsync(new TestHello { ServerName = "x.c.example" }.ToBytes());
            Assert.True((await lost.DrainAsync()).Reset);
        });
    }

    [Fact]
    public async Task Weights_of_the_backends_hold()
    {
        await using var gateway = new TestGateway();
        PeerServer[] apps = [gateway.App(), gateway.App()];
        string second = gateway.AddService(apps[1].Address);
        gateway.TlsRoute(["a.example"], [apps[0].Address], edit: route =>
        {
            route.Backends[0].Weight = 3;
            route.Backends.Add(new Backend { Service = second, Port = 1, Weight = 1 });
            route.Backends.Add(new Backend { Service = "test/none", Port = 1, Weight = 0 });
        }).StartTls("");
        await gateway.RunAsync(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                var client = await gateway.ConnectAsync();
                await client.SendAsync(new TestHello { ServerName = "a.example" }.ToBytes());
                while (apps[0].Count + apps[1].Count == i) await Task.Yield();
                client.Abort();
            }
        });
        Assert.InRange(apps[0].Count, 130, 170);
        Assert.Equal(200, apps[0].Count + apps[1].Count);
    }

    private static async Task With(Func<TestGateway, PeerServer, Task> test)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.TlsRoute(["a.example"], [app.Address]).StartTls("");
        await gateway.RunAsync(() => test(gateway, app));
    }
}
