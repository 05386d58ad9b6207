using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

public sealed class GatewayTcpTests
{
    [Fact]
    public Task Half_close_of_the_client_leaves_the_other_direction_open() => With(async (gateway, server, client) =>
    {
        await client.SendAsync("question");
        await client.FinishAsync();
        Assert.Equal("question", await server.ReadToEndAsync());
        await server.SendAsync("answer");
        await server.FinishAsync();
        Assert.Equal("answer", await client.ReadToEndAsync());
        var record = await gateway.RecordAsync();
        Assert.Equal((ResponseFlag.None, 8L, 6L), (record.Flag, record.ReceivedBytes, record.SentBytes));
    });

    [Fact]
    public Task Half_close_of_the_server_leaves_the_other_direction_open() => With(async (gateway, server, client) =>
    {
        await server.SendAsync("greeting");
        await server.FinishAsync();
        Assert.Equal("greeting", await client.ReadToEndAsync());
        await client.SendAsync("late");
        await client.FinishAsync();
        Assert.Equal("late", await server.ReadToEndAsync());
    });

    [Fact]
    public Task Server_that_speaks_first_is_heard() => With(async (gateway, server, client) =>
    {
        await server.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
    });

    [Theory]
    [InlineData(true, ResponseFlag.DC)]
    [InlineData(false, ResponseFlag.UC)]
    public Task Reset_of_one_side_resets_the_other(bool byClient, ResponseFlag flag) => With(async (gateway, server, client) =>
    {
        await client.SendAsync("x");
        await server.ReadAsync(1);
        (byClient ? client : server).Abort();
        Assert.True((await (byClient ? server : client).DrainAsync()).Reset);
        Assert.Equal(flag, (await gateway.RecordAsync()).Flag);
    });

    [Fact]
    public Task Much_data_both_ways_at_once_arrives_unchanged() => With(async (gateway, server, client) =>
    {
        const int size = 16 * 1024 * 1024;
        await Task.WhenAll(Pattern.SendAsync(client, size), Pattern.SendAsync(server, size), Pattern.CheckAsync(client, size), Pattern.CheckAsync(server, size));
    });

    [Fact]
    public async Task Connection_that_nobody_takes_is_reset_and_recorded()
    {
        await using var gateway = new TestGateway();
        gateway.StartTcp(gateway.DeadAddress());
        await gateway.RunAsync(async () =>
        {
            // The reset (ECONNRESET, 104) may come before the connect call has returned.
            var broken = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await (await gateway.ConnectAsync()).ReadToEndAsync());
            Assert.Equal(104, broken.Errno);
            Assert.Equal(ResponseFlag.UF, (await gateway.RecordAsync()).Flag);
        });
    }

    private static async Task With(Func<TestGateway, Peer, Peer, Task> test)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.StartTcp(app.Address);
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await test(gateway, await app.AcceptAsync(), client);
        });
    }
}
