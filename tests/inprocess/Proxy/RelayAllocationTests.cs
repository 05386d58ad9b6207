using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;
using Mesh.Kit.Measuring;
using Mesh.Proxy.Forwarding;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Real sockets and real TLS on one loop, so that the loop's thread is charged with both nodes, client and application.</summary>
public sealed class RelayAllocationTests : IDisposable
{
    private const int Messages = 5_000;
    private static readonly string[] Alpn = ["mesh-direct/1"];

    /// <summary>The async method of a round, once, not one a message.</summary>
    private const int OfTheTestItself = 400;

    private readonly TestAuthority authority = new();
    private readonly Loopback loopback = new();

    public void Dispose()
    {
        loopback.Dispose();
        authority.Dispose();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(6000)]
    public async Task Relay_allocates_nothing_for_a_message(int bytes) => Assert.InRange(await MeasureAsync(bytes, tunnel: false), 0, OfTheTestItself);

    [Theory]
    [InlineData(200)]
    [InlineData(6000)]
    public async Task Direct_tunnel_allocates_nothing_for_a_message(int bytes) => Assert.InRange(await MeasureAsync(bytes, tunnel: true), 0, OfTheTestItself);

    /// <returns>Bytes allocated on the loop while the messages went there and back.</returns>
    private async Task<long> MeasureAsync(int bytes, bool tunnel)
    {
        var application = loopback.Listen(EchoAsync);
        var far = loopback.Listen(transport => FarAsync(transport, application, tunnel));
        var near = loopback.Listen(client => NearAsync(client, far, tunnel));
        long allocated = 0;
        await loopback.RunAsync(async () =>
        {
            await using var client = await loopback.ConnectAsync(near);
            var message = new byte[bytes];
            allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Messages; i++)
                {
                    await client.Output.WriteAsync(message);
                    for (long missing = bytes; missing > 0;)
                    {
                        var read = await client.Input.ReadAsync();
                        missing -= read.Buffer.Length;
                        client.Input.AdvanceTo(read.Buffer.End);
                    }
                }
            });
            await client.Output.CompleteAsync();
        });
        return allocated;
    }

    private async Task NearAsync(Connection client, IpPort far, bool tunnel)
    {
        var transport = await loopback.ConnectAsync(far);
        if (tunnel) transport = Framed(await authority.Context("spiffe://cluster.local/ns/a/sa/a").ConnectAsync(transport, Alpn, TimeSpan.FromSeconds(10)));
        await using (transport) await new TcpRelay(client, transport).RunAsync();
    }

    private async Task FarAsync(Connection transport, IpPort application, bool tunnel)
    {
        if (tunnel) transport = Framed(await authority.Context("spiffe://cluster.local/ns/a/sa/b").AcceptAsync(transport, Alpn, TimeSpan.FromSeconds(10)));
        await using (transport) await new TcpRelay(transport, await loopback.ConnectAsync(application)).RunAsync();
    }

    private static FramedConnection Framed(SecureConnection secure) => new(secure, secure.LocalAddress, secure.RemoteAddress);

    private static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            foreach (var part in read.Buffer) await connection.Output.WriteAsync(part);
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
        await connection.Output.CompleteAsync();
    }
}
