using System.Net;
using System.Net.Sockets;
using System.Text;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.Hosts.Layer4;

/// <summary>What only the kernel can show about an opaque connection.</summary>
public sealed class SocketTests
{
    [Fact]
    public async Task Urgent_byte_stays_in_the_stream_in_its_place()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.StartTcp(app.Address);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await gateway.RunAsync(async () =>
        {
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, gateway.Address.Port));
            var server = await app.AcceptAsync();
            await client.SendAsync(Encoding.ASCII.GetBytes("before "));
            client.Send(Encoding.ASCII.GetBytes("!"), SocketFlags.OutOfBand);
            await client.SendAsync(Encoding.ASCII.GetBytes(" after"));
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal("before ! after", await server.ReadToEndAsync());
            await server.FinishAsync();
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
        });
    }

    [Fact]
    public async Task Close_with_linger_zero_is_a_reset_on_the_other_side()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.StartTcp(app.Address);
        await gateway.RunAsync(async () =>
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, gateway.Address.Port));
            var server = await app.AcceptAsync();
            client.LingerState = new LingerOption(true, 0);
            client.Close();
            Assert.True((await server.DrainAsync()).Reset);
        });
    }
}
