using System.Net;
using System.Net.Sockets;
using System.Text;
using Mesh.Capture.Namespaces;
using Mesh.Io;
using Mesh.Kit.Namespaces;
using Mesh.Netfilter;
using Mesh.Proxy.Workloads;

namespace Mesh.Tests.Hosts.Capture;

/// <summary>Real kernel rules in namespaces of the test's own: a workload, and a machine outside that it is linked to.</summary>
public sealed class RedirectionTests : IDisposable
{
    private const int Mark = CaptureMarks.Packet;
    private readonly TestNamespace outside = new("cap-out");
    private readonly TestNamespace workload = new("cap-wl");
    private readonly RecordingHost host = new();

    public RedirectionTests() =>
        workload.Link(outside, "veth0", ["10.91.0.2/24", "fd91::2/64"], ["10.91.0.1/24", "fd91::1/64"]);

    [Theory]
    [InlineData("240.240.0.9")]
    [InlineData("10.91.0.1")]
    [InlineData("fd91::1")]
    [InlineData("fdf0::240")]
    public async Task Outbound_connection_arrives_at_15001_with_its_original_destination(string destination)
    {
        await CaptureAsync();
        using var client = await workload.ConnectAsync(destination, 8080);
        var arrival = await host.NextAsync();
        Assert.Equal(15001, arrival.Port);
        Assert.Equal(new IpPort(Ip.Parse(destination), 8080), arrival.OriginalDestination);
        Assert.Equal("M", await ReadAsync(client));
    }

    [Theory]
    [InlineData("10.91.0.2")]
    [InlineData("fd91::2")]
    public async Task Inbound_plaintext_arrives_at_15006_with_the_client_address(string destination)
    {
        await CaptureAsync();
        using var client = await outside.ConnectAsync(destination, 8080);
        var arrival = await host.NextAsync();
        Assert.Equal(15006, arrival.Port);
        Assert.Equal(new IpPort(Ip.Parse(destination), 8080), arrival.OriginalDestination);
        Assert.Equal(((IPEndPoint)client.LocalEndPoint!).Port, arrival.Client.Port);
    }

    [Theory]
    [InlineData("10.91.0.2")]
    [InlineData("fd91::2")]
    public async Task Inbound_connection_to_15008_is_not_redirected(string destination)
    {
        await CaptureAsync();
        using var client = await outside.ConnectAsync(destination, 15008);
        Assert.Equal(15008, (await host.NextAsync()).Port);
    }

    [Theory]
    [InlineData("10.91.0.2")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("fd91::2")]
    [InlineData("::1")]
    public async Task Workload_that_calls_itself_is_not_captured(string own)
    {
        await CaptureAsync();
        using var application = workload.Listen(own.Contains(':') ? IPAddress.IPv6Any : IPAddress.Any, 8081);
        using var client = await workload.ConnectAsync(own, 8081);
        using var accepted = await application.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(IPAddress.Parse(own), ((IPEndPoint)accepted.LocalEndPoint!).Address);
    }

    [Theory]
    [InlineData("10.91.0.1")]
    [InlineData("fd91::1")]
    public async Task Marked_connection_passes(string destination)
    {
        await CaptureAsync();
        using var server = outside.Listen(IPAddress.IPv6Any, 8082);
        using var client = await workload.ConnectAsync(destination, 8082, Mark);
        using var accepted = await server.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("10.91.0.1", "10.91.0.2")]
    [InlineData("fd91::1", "fd91::2")]
    public async Task Without_a_daemon_every_connection_is_refused(string remote, string own)
    {
        Apply(CaptureOptions.Default);
        using var server = outside.Listen(IPAddress.IPv6Any, 8083);
        using var application = workload.Listen(IPAddress.IPv6Any, 8084);
        Assert.Equal(SocketError.ConnectionRefused, await workload.TryConnectAsync(remote, 8083));
        Assert.Equal(SocketError.ConnectionRefused, await outside.TryConnectAsync(own, 8084));
    }

    [Theory]
    [InlineData(15001)]
    [InlineData(15006)]
    [InlineData(15053)]
    public async Task Connection_to_a_port_of_the_daemon_is_refused(int port)
    {
        await CaptureAsync();
        foreach (string own in (string[])["10.91.0.2", "fd91::2"])
        {
            Assert.Equal(SocketError.ConnectionRefused, await outside.TryConnectAsync(own, port));
            Assert.Equal(SocketError.ConnectionRefused, await workload.TryConnectAsync(own, port));
        }
        if (port != 15053) Assert.Equal(SocketError.ConnectionRefused, await workload.TryConnectAsync("127.0.0.1", port));
    }

    [Fact]
    public async Task Remote_server_on_a_port_that_is_ours_here_is_reachable()
    {
        await CaptureAsync();
        using var server = outside.Listen(IPAddress.Any, 15001);
        using (await workload.ConnectAsync("10.91.0.1", 15001)) Assert.Equal(15001, (await host.NextAsync()).Port);
        using var client = await workload.ConnectAsync("10.91.0.1", 15001, Mark);
        using var accepted = await server.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("10.91.0.2", "10.91.0.1")]
    [InlineData("fd91::2", "fd91::1")]
    [InlineData("10.91.0.2", "10.200.200.200")]
    public async Task Application_sees_the_client_address_and_its_answer_returns_to_the_daemon(string own, string clientAddress)
    {
        await CaptureAsync();
        var sockets = host.Started["shop/cart"].Sockets;
        using var application = workload.Listen(IPAddress.IPv6Any, 8085);
        string answer = "";
        var exchange = host.Loop.RunAsync(async () =>
        {
            var options = new ConnectOptions(TimeSpan.FromSeconds(3), new IpPort(Ip.Parse(clientAddress), 0), Mark);
            await using var connection = await sockets.ConnectAsync(host.Loop, new(Ip.Parse(own), 8085), options);
            var result = await connection.Input.ReadAsync();
            answer = Encoding.ASCII.GetString(result.Buffer.FirstSpan);
        });
        using var accepted = await application.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(Ip.Parse(clientAddress), Ip.From(((IPEndPoint)accepted.RemoteEndPoint!).Address));
        await accepted.SendAsync("hello"u8.ToArray());
        await exchange.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("hello", answer);
    }

    [Fact]
    public async Task Exclusions_are_not_redirected()
    {
        var options = new CaptureOptions
        {
            ExcludeInboundPorts = [8086],
            ExcludeOutboundPorts = [8087],
            ExcludeInboundCidrs = [IPNetwork.Parse("fd91::1/128")],
            ExcludeOutboundCidrs = [IPNetwork.Parse("fd91::/64")],
        };
        Apply(options);
        using var application = workload.Listen(IPAddress.IPv6Any, 8086);
        using var other = workload.Listen(IPAddress.IPv6Any, 8088);
        using var server = outside.Listen(IPAddress.IPv6Any, 8087);
        Assert.Null(await outside.TryConnectAsync("10.91.0.2", 8086));
        Assert.Null(await outside.TryConnectAsync("fd91::2", 8088));
        Assert.Null(await workload.TryConnectAsync("10.91.0.1", 8087));
        Assert.Null(await workload.TryConnectAsync("fd91::1", 8087));
        Assert.Equal(SocketError.ConnectionRefused, await outside.TryConnectAsync("10.91.0.2", 8088));
    }

    [Fact]
    public async Task Probe_tells_a_listening_daemon_from_an_absent_one()
    {
        Apply(CaptureOptions.Default);
        Assert.NotNull(RedirectProbe.Run(workload.Network, [Ip.LoopbackV4, Ip.LoopbackV6]));
        await host.StartAsync(Description, new NamespaceSocketFactory(workload.Network));
        Assert.Null(RedirectProbe.Run(workload.Network, [Ip.LoopbackV4, Ip.LoopbackV6]));
    }

    private static LocalWorkload Description { get; } =
        new("shop", "cart", "cart", [Ip.Parse("10.91.0.2"), Ip.Parse("fd91::2")], new Dictionary<string, string>());

    private void Apply(CaptureOptions options)
    {
        using (workload.Network.Enter()) NamespaceRules.Apply(options);
    }

    private async Task CaptureAsync()
    {
        Apply(CaptureOptions.Default);
        await host.StartAsync(Description, new NamespaceSocketFactory(workload.Network));
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[16];
        int count = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(5));
        return Encoding.ASCII.GetString(buffer, 0, count);
    }

    public void Dispose()
    {
        host.Dispose();
        workload.Dispose();
        outside.Dispose();
    }
}
