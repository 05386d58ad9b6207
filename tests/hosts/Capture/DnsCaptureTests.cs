using System.Net;
using System.Net.Sockets;
using Mesh.Capture.Namespaces;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Kit.Control;
using Mesh.Kit.Namespaces;
using Mesh.Netfilter;
using Mesh.Proxy.Dns;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Hosts.Capture;

/// <summary>Questions of a captured workload to a server that it believes to ask, over the real kernel.</summary>
public sealed class DnsCaptureTests : IDisposable
{
    private static readonly byte[] Catalog = [.. "\u0007catalog\u0004shop\u0004mesh\0"u8, 0, 1, 0, 1];
    private static readonly byte[] Example = [.. "\u0007example\u0003com\0"u8, 0, 1, 0, 1];

    private readonly TestNamespace outside = new("dns-out");
    private readonly TestNamespace workload = new("dns-wl");
    private readonly EpollLoop loop = new("dns-test", 0, TimeProvider.System, static _ => { });
    private readonly DnsServer server;

    public DnsCaptureTests()
    {
        workload.Link(outside, "veth0", ["10.93.0.2/24", "fd93::2/64"], ["10.93.0.1/24", "fd93::1/64"]);
        outside.Run("ip", "address", "add", "9.9.9.9/32", "dev", "veth0"); // nobody listens there
        using (workload.Network.Enter()) NamespaceRules.Apply(CaptureOptions.Default);
        var options = new DnsOptions { Resolvers = [IpPort.Parse("10.93.0.1:53")], ServerTimeout = TimeSpan.FromSeconds(2) };
        server = DnsServer.Start(options, new NamespaceSocketFactory(workload.Network), loop, NamedMesh.Make(), new DnsMetrics(new MetricRegistry(1).Shard(0), "w", "n"), new Random(1));
    }

    [Theory]
    [InlineData("9.9.9.9")]
    [InlineData("10.93.0.1")]
    [InlineData("fd93::1")]
    public async Task Mesh_name_is_answered_whatever_server_is_asked(string asked)
    {
        var answer = await AskUdpAsync(asked, Catalog);
        Assert.Equal(new byte[] { 240, 240, 0, 1 }, answer[^4..]);
    }

    [Fact]
    public async Task Mesh_name_is_answered_over_tcp()
    {
        var answer = await AskTcpAsync("9.9.9.9", Catalog);
        Assert.Equal(new byte[] { 240, 240, 0, 1 }, answer[^4..]);
    }

    [Fact]
    public async Task Other_name_is_asked_of_the_previous_resolver_with_the_mark_and_its_answer_returns()
    {
        using var resolver = outside.MakeSocket(AddressFamily.InterNetwork, SocketType.Dgram);
        resolver.Bind(new IPEndPoint(IPAddress.Parse("10.93.0.1"), 53));
        var answering = AnswerOnceAsync(resolver);
        var answer = await AskUdpAsync("9.9.9.9", Example);
        await answering;
        Assert.Equal(77, answer[^1]);
    }

    [Fact]
    public async Task Other_name_over_tcp_goes_to_the_server_that_was_asked()
    {
        using var resolver = outside.Listen(IPAddress.Parse("10.93.0.1"), 53);
        var answering = Task.Run(async () =>
        {
            using var client = await resolver.AcceptAsync();
            var buffer = new byte[512];
            int count = await client.ReceiveAsync(buffer);
            buffer[4] |= 0x80; // behind the two bytes of length
            await client.SendAsync(buffer.AsMemory(0, count));
        });
        var answer = await AskTcpAsync("10.93.0.1", Example);
        await answering;
        Assert.Equal(0, answer[3] & 0xf);
    }

    [Fact]
    public async Task Silent_resolver_ends_in_SERVFAIL()
    {
        Assert.Equal(2, (await AskUdpAsync("9.9.9.9", Example))[3] & 0xf);
        Assert.Equal(2, (await AskTcpAsync("10.93.0.1", Example))[3] & 0xf);
    }

    private async Task<byte[]> AskUdpAsync(string address, byte[] question)
    {
        var to = new IPEndPoint(IPAddress.Parse(address), 53);
        using var socket = workload.MakeSocket(to.AddressFamily, SocketType.Dgram);
        socket.Connect(to); // answers from any other address are not delivered
        await socket.SendAsync(Message(question));
        var buffer = new byte[512];
        int count = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(5));
        return buffer[..count];
    }

    private async Task<byte[]> AskTcpAsync(string address, byte[] question)
    {
        using var socket = await workload.ConnectAsync(address, 53);
        var message = Message(question);
        await socket.SendAsync((byte[])[0, (byte)message.Length, .. message]);
        using var stream = new NetworkStream(socket);
        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix).AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        var answer = new byte[prefix[0] << 8 | prefix[1]];
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        return answer;
    }

    private static async Task AnswerOnceAsync(Socket resolver)
    {
        var buffer = new byte[512];
        var received = await resolver.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(5));
        buffer[2] |= 0x80;
        buffer[7] = 1;
        byte[] record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 77];
        await resolver.SendToAsync((byte[])[.. buffer[..received.ReceivedBytes], .. record], received.RemoteEndPoint);
    }

    private static byte[] Message(byte[] question) => [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. question];

    public void Dispose()
    {
        server.Dispose();
        loop.Dispose();
        workload.Dispose();
        outside.Dispose();
    }
}
