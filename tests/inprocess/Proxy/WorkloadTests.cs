using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Between enrolled workloads: on one machine, and through a tunnel to another.</summary>
public sealed class WorkloadTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Request_is_carried_and_the_application_sees_the_clients_address(string machine) => With(machine, TestMachines.Wire.Http, async (machines, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
        Assert.Equal(Ip.Parse("10.0.1.1"), server.Connection.RemoteAddress.Address);
        var record = await machines.RecordAsync("a");
        Assert.Equal((200, machine == "a", "mutual_tls"), (record.Status, record.BothSides, record.Labels?.SecurityPolicy));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Denied_client_gets_403_with_the_rule_and_the_application_nothing(string machine) => With(machine, TestMachines.Wire.Http, async (machines, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 403 ", answer);
        Assert.Contains("x-mesh-error: UAEX denied by AccessPolicy shop/no-web", answer);
        Assert.Equal(0, app.Count);
        Assert.Equal(ResponseFlag.UAEX, machines.TrafficOf("a").Records.Single().Flag);
    }, Deny(new AccessRule { From = { new AccessFrom { ServiceAccounts = { "shop/web" } } } }));

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Policy_on_paths_is_applied_to_each_request(string machine) => With(machine, TestMachines.Wire.Http, async (machines, app, client) =>
    {
        await client.SendAsync("GET /open HTTP/1.1\r\nHost: cart\r\n\r\n");
        var server = await app.AcceptAsync();
        await server.ReadHeadAsync();
        await server.SendAsync(Ok);
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadMessageAsync());
        await client.SendAsync("GET /admin/x HTTP/1.1\r\nHost: cart\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", await client.ReadMessageAsync());
    }, AdminDenied());

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Opaque_connection_is_closed_where_only_requests_could_tell(string machine) => With(machine, TestMachines.Wire.Tcp, async (machines, app, client) =>
    {
        await client.SendAsync("opaque");
        Assert.True((await client.DrainAsync()).Reset);
        Assert.Equal(0, app.Count);
        Assert.Equal(ResponseFlag.UAEX, machines.TrafficOf("a").Records.Single().Flag);
    }, AdminDenied());

    [Fact]
    public void Peer_with_another_identity_is_not_given_the_request() => With("b", TestMachines.Wire.Http, async (machines, app, client) =>
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
        string answer = await client.ReadMessageAsync();
        Assert.StartsWith("HTTP/1.1 503 ", answer);
        Assert.Contains("x-mesh-error: TLS ", answer);
        Assert.Contains("sa/thief", answer);
        Assert.Equal(0, app.Count);
    }, impostor: "thief");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Plaintext_from_outside_enters_only_where_it_is_permitted(bool permissive)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
        machines.Enrol("a", "cart", "10.0.2.1").Outsider("c", "stranger", "10.0.3.1");
        if (permissive) machines.With(new MtlsPolicy { Namespace = "shop", Name = "open", Mode = MtlsPolicy.Types.Mode.Permissive, Targets = { new Target() } });
        machines.Start();
        machines.Run(async () =>
        {
            var app = machines.Listen("cart");
            var client = await machines.ConnectAsync("stranger", IpPort.Parse("10.0.2.1:8080"));
            await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
            if (permissive)
            {
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                await server.SendAsync(Ok);
                Assert.EndsWith("ok", await client.ReadMessageAsync());
                return;
            }
            Assert.True((await client.DrainAsync()).Reset);
            Assert.Equal(0, app.Count);
            Assert.Equal(ResponseFlag.TLS, machines.TrafficOf("a").Records.Single().Flag);
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Undeclared_protocol_is_http_when_the_client_says_so_however_its_bytes_come(string machine) => With(machine, TestMachines.Wire.Detect, async (machines, app, client) =>
    {
        var server = await app.AcceptAsync();
        foreach (string piece in (string[])["G", "ET", " /x HTTP", "/1.1\r\nHost: cart\r\n", "\r\n"])
        {
            await client.SendAsync(piece);
            await Task.Yield();
        }
        Assert.StartsWith("GET /x HTTP/1.1\r\nhost: cart\r\n", await server.ReadHeadAsync());
        await server.SendAsync(Ok);
        Assert.EndsWith("ok", await client.ReadMessageAsync());
        var record = await machines.RecordAsync("a");
        Assert.Equal(("http", 200), (record.Kind, record.Status));
    });

    private static AccessPolicy Deny(AccessRule rule) =>
        new() { Namespace = "shop", Name = "no-web", Action = AccessPolicy.Types.Action.Deny, Targets = { new Target { Workload = "shop/cart" } }, Rules = { rule } };

    private static AccessPolicy AdminDenied() =>
        Deny(new AccessRule { To = { new AccessTo { Paths = { new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/admin" } } } } });

    /// <summary>The client web is on machine a; cart on the machine given, and if that is another, reached by either tunnel.</summary>
    private static void With(string machine, TestMachines.Wire protocol, Func<TestMachines, PeerServer, Peer, Task> test, AccessPolicy? policy = null, string? impostor = null)
    {
        With(machine, Tunnel.Hbone, protocol, test, policy, impostor);
        if (machine != "a") With(machine, Tunnel.Direct, protocol, test, policy, impostor);
    }

    private static void With(
        string machine, Tunnel tunnel, TestMachines.Wire protocol, Func<TestMachines, PeerServer, Peer, Task> test, AccessPolicy? policy, string? impostor)
    {
        var machines = new TestMachines { Protocol = protocol, Tunnel = tunnel };
        if (impostor is not null) machines.Impostors[machine] = impostor;
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        if (policy is not null) machines.With(policy);
        machines.Start();
        machines.Run(async () => await test(machines, machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
