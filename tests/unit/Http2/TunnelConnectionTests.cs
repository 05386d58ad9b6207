using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using Mesh.Kit.Measuring;

namespace Mesh.Tests.Unit.Http2;

public class TunnelConnectionTests
{
    private readonly TestLoop loop = new();

    [Fact]
    public void Half_close_ends_one_direction_and_the_other_goes_on()
    {
        var (client, server) = Open();
        loop.Run(async () =>
        {
            await client.Output.WriteAsync("question"u8.ToArray());
            await client.Output.CompleteAsync();
            Assert.Equal("question", await Bodies.ReadTextAsync(server.Input));
            await server.Output.WriteAsync("answer"u8.ToArray());
            await server.Output.CompleteAsync();
            Assert.Equal("answer", await Bodies.ReadTextAsync(client.Input));
            await client.DisposeAsync();
            await server.DisposeAsync();
        });
        Assert.Null(server.Stream.ResetCode);
        Assert.Null(client.Stream.ResetCode);
    }

    [Fact]
    public void Abort_resets_the_other_end()
    {
        var (client, server) = Open();
        var read = loop.RunAsync(async () => await server.Input.ReadAsync());
        loop.RunUntilIdle();
        client.Abort();
        loop.RunUntilIdle();
        Assert.Equal(BreakKind.Reset, ((ConnectionBrokenException)read.Exception!.InnerException!).Kind);
        Assert.Equal(ErrorCode.Cancel, server.Stream.ResetCode);
        Assert.Throws<ConnectionBrokenException>(() => loop.Run(async () => await client.Input.ReadAsync()));
    }

    [Fact]
    public void Reset_is_told_while_nobody_reads()
    {
        var (client, server) = Open();
        int told = 0;
        server.OnBroken = () => told++;
        loop.Run(async () => await client.Output.WriteAsync("unread"u8.ToArray()));
        loop.RunUntilIdle();
        Assert.Equal(0, told);
        client.Abort();
        loop.RunUntilIdle();
        Assert.Equal(1, told);
    }

    [Fact]
    public void Dispose_without_both_ends_completed_aborts()
    {
        var (client, server) = Open();
        loop.Run(async () =>
        {
            await client.Output.CompleteAsync();
            await client.DisposeAsync();
        });
        loop.RunUntilIdle();
        Assert.Equal(ErrorCode.Cancel, server.Stream.ResetCode);
    }

    [Fact]
    public void Tunnel_in_a_tunnel_carries_bytes()
    {
        var (client, server) = Open();
        var inner = Http2Connection.Client(client, Http2Settings.Client);
        var innerServer = Http2Connection.Server(server, Http2Settings.Server);
        _ = loop.RunAsync(inner.RunAsync);
        _ = loop.RunAsync(innerServer.RunAsync);
        loop.Run(async () =>
        {
            var request = await inner.OpenAsync(Heads.Request(), endStream: true);
            using var served = (await innerServer.AcceptAsync())!;
            await served.SendHeadersAsync(Heads.Response(200), endStream: false);
            await served.Output.WriteAsync(new byte[300_000]);
            await served.Output.CompleteAsync();
            await request.ReadHeadersAsync();
            Assert.Equal(300_000, (await Bodies.ReadAllAsync(request.Input)).Length);
        });
    }

    [Fact]
    public void Bytes_after_warm_up_allocate_nothing_on_either_side()
    {
        var (client, server) = Open();
        loop.Run(async () =>
        {
            byte[] message = new byte[1000];
            for (int i = 0; i < 2000; i++) await ExchangeAsync(message);
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < 1000; i++) await ExchangeAsync(message);
            });
            // The pipes in memory and this test's own async methods allocate; a segment per frame would add 1 KiB and more.
            Assert.InRange(allocated / 1000, 0, 2200);
        });

        async ValueTask ExchangeAsync(byte[] message)
        {
            await client.Output.WriteAsync(message);
            var result = await server.Input.ReadAsync();
            server.Input.AdvanceTo(result.Buffer.End);
        }
    }

    private (TunnelConnection Client, TunnelConnection Server) Open()
    {
        var pair = new Http2Pair(loop);
        var (near, far) = (IpPort.Parse("10.0.0.1:1"), IpPort.Parse("10.0.0.2:80"));
        return loop.Run(async () =>
        {
            var request = await pair.Client.OpenAsync(Heads.Connect("10.0.0.2:80"), endStream: false);
            var served = (await pair.Server.AcceptAsync())!;
            await served.SendHeadersAsync(Heads.Response(200), endStream: false);
            await request.ReadHeadersAsync();
            return (new TunnelConnection(loop, request, near, far), new TunnelConnection(loop, served, far, near));
        });
    }
}
