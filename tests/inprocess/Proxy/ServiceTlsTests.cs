using Google.Protobuf;
using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Kit.Tls;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>TLS of applications between workloads: routed by server name where a TLSRoute is attached, and always recorded with it.</summary>
public sealed class ServiceTlsTests
{
    private static readonly IpPort Elsewhere = IpPort.Parse("10.0.9.1:9443");

    public static TheoryData<string, TestMachines.Wire> Everywhere => new()
    {
        { "a", TestMachines.Wire.Tls },
        { "b", TestMachines.Wire.Tls },
        { "a", TestMachines.Wire.Detect },
        { "b", TestMachines.Wire.Detect },
    };

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Route_sends_its_names_elsewhere_and_others_nowhere(string machine, TestMachines.Wire wire) => With(machine, wire, async (machines, app, elsewhere) =>
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        string hello = Hello("x.moved.example");
        await client.SendAsync(hello);
        Assert.Equal(hello, await (await elsewhere.AcceptAsync()).ReadAsync(hello.Length));

        var lost = await machines.ConnectAsync("web", TestMachines.Cart);
        await lost.SendAsync(Hello("other.example"));
        Assert.True((await lost.DrainAsync()).Reset);
        var record = await machines.RecordAsync("a");
        Assert.Equal((ResponseFlag.NR, "other.example", "tls"), (record.Flag, record.ServerName, record.Labels?.Protocol));
        // Of an undeclared protocol the own endpoint is dialled before anybody speaks, and never given a byte.
        for (int i = 0; i < app.Count; i++) Assert.Equal(0, (await (await app.AcceptAsync()).DrainAsync()).Bytes);
        if (wire == TestMachines.Wire.Tls) Assert.Equal(0, app.Count);
    }, new TlsRoute
    {
        Namespace = "shop",
        Name = "moved",
        Parents = { new ParentRef { Name = "shop/cart" } },
        Hostnames = { "*.moved.example" },
        Backends = { new Backend { Service = "shop/else", Port = 443, Weight = 1 } },
    });

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Policy_on_hosts_is_held_against_the_server_name(string machine, TestMachines.Wire wire) => With(machine, wire, async (machines, app, _) =>
    {
        foreach (var (hello, allowed) in ((string, bool)[])[(Hello("good.example"), true), (Hello("bad.example"), false), (Hello("BAD.example"), false), (Hello(null), false),
            (System.Text.Encoding.Latin1.GetString(new TestHello { ServerName = "good.example", IsEncrypted = true }.ToBytes()), false)])
        {
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            await client.SendAsync(hello);
            if (!allowed)
            {
                Assert.Equal((0, true), await client.DrainAsync());
                continue;
            }
            // Where the policy waits for the name, the application was reached before and got nothing.
            var server = await app.AcceptAsync();
            Assert.Equal(hello, await server.ReadAsync(hello.Length));
            await server.SendAsync("welcome");
            Assert.Equal("welcome", await client.ReadAsync(7));
        }
        for (int i = 1; i < app.Count; i++) Assert.Equal(0, (await (await app.AcceptAsync()).DrainAsync()).Bytes);
        Assert.Contains(machines.TrafficOf(machine).Records, record => record.Flag == ResponseFlag.UAEX && record.Reason.Contains("shop/not-bad", StringComparison.Ordinal));
    }, new AccessPolicy
    {
        Namespace = "shop",
        Name = "not-bad",
        Action = AccessPolicy.Types.Action.Deny,
        Targets = { new Target { Workload = "shop/cart" } },
        Rules = { new AccessRule { To = { new AccessTo { Hosts = { new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "bad." } } } } } },
    });

    [Fact]
    public void Server_that_speaks_first_on_a_port_declared_as_TLS_is_heard() => With("b", TestMachines.Wire.Tls, async (machines, app, _) =>
    {
        var client = await machines.ConnectAsync("web", TestMachines.Cart);
        await (await app.AcceptAsync()).SendAsync("220 no TLS here");
        Assert.Equal("220 no TLS here", await client.ReadAsync(15));
    });

    private static string Hello(string? name) => System.Text.Encoding.Latin1.GetString(new TestHello { ServerName = name }.ToBytes());

    private static void With(string machine, TestMachines.Wire wire, Func<TestMachines, PeerServer, PeerServer, Task> test, IMessage? resource = null)
    {
        foreach (var tunnel in (Tunnel[])[Tunnel.Hbone, Tunnel.Direct])
        {
            var machines = new TestMachines { Protocol = wire, Tunnel = tunnel };
            machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Outsider("c", "else", Elsewhere.Address.ToString());
            machines.With(new Service { Namespace = "shop", Name = "else", Ports = { new ServicePort { Name = "p", Port = 443 } } });
            machines.With(new Workload
            {
                Namespace = "shop",
                Name = "else",
                ServiceAccount = "else",
                Tunnel = Tunnel.None,
                Weight = 1,
                Addresses = { ByteString.CopyFrom(Elsewhere.Address.ToBytes()) },
                Services = { ["shop/else"] = new ServicePorts { Ports = { new PortMapping { ServicePort = 443, TargetPort = Elsewhere.Port } } } },
            });
            if (resource is not null) machines.With(resource);
            machines.Start();
            machines.Run(() => test(machines, machines.Listen("cart"), machines.Listen("else", Elsewhere.Port)));
        }
    }
}
