using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>An opaque connection ends as it would without us, whatever way it takes.</summary>
public sealed class TcpFidelityTests
{
    public static TheoryData<Way> Every => Ways.All;

    public static TheoryData<Way, bool> EverySide
    {
        get
        {
            var data = new TheoryData<Way, bool>();
            foreach (var way in Enum.GetValues<Way>())
            {
                data.Add(way, true);
                data.Add(way, false);
            }
            return data;
        }
    }

    // Not the direct tunnel: simulated sockets lose what is under way at a reset. tests/hosts has it with real ones.
    [Theory]
    [InlineData(Way.SameNode, true)]
    [InlineData(Way.SameNode, false)]
    [InlineData(Way.Hbone, true)]
    [InlineData(Way.Hbone, false)]
    [InlineData(Way.Gateway, true)]
    [InlineData(Way.Gateway, false)]
    public Task What_was_said_before_a_reset_arrives_before_it(Way way, bool byClient) => Ways.RunAsync(way, async (client, accept, _) =>
    {
        var server = await accept();
        var (first, second) = byClient ? (client, server) : (server, client);
        await second.SendAsync("question");
        await first.ReadAsync(8);
        await first.SendAsync("answer");
        first.Abort();
        Assert.Equal((6L, true), await second.DrainAsync());
    });

    [Theory]
    [MemberData(nameof(EverySide))]
    public Task Reset_after_a_half_close_of_the_other_side_is_still_a_reset(Way way, bool byClient) => Ways.RunAsync(way, async (client, accept, _) =>
    {
        var server = await accept();
        var (first, second) = byClient ? (client, server) : (server, client);
        await second.FinishAsync();
        Assert.Equal("", await first.ReadToEndAsync());
        await first.SendAsync("x");
        await second.ReadAsync(1);
        first.Abort();
        Assert.True((await second.DrainAsync()).Reset);
    });

    [Theory]
    [MemberData(nameof(EverySide))]
    public Task Reset_arrives_while_the_other_side_takes_nothing(Way way, bool byClient) => Ways.RunAsync(way, async (client, accept, record) =>
    {
        var server = await accept();
        var (first, second) = byClient ? (client, server) : (server, client);
        // More than every buffer on the way holds: the relay is stuck in a write, and nobody reads on the side that resets.
        var stuck = Pattern.SendAsync(first, 64 * 1024 * 1024);
        await VirtualPause.ForAsync(client, TimeSpan.FromMilliseconds(300));
        Assert.False(stuck.IsCompleted);
        first.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(() => stuck);
        await VirtualPause.ForAsync(client, TimeSpan.FromMilliseconds(100));
        Assert.Equal(byClient ? ResponseFlag.DC : ResponseFlag.UC, (await record()).Flag);
        Assert.True((await second.DrainAsync()).Reset);
    });

    [Theory]
    [MemberData(nameof(Every))]
    public Task Connection_that_closes_at_once_reaches_the_application_and_closes_there(Way way) => Ways.RunAsync(way, async (client, accept, record) =>
    {
        await client.FinishAsync();
        var server = await accept();
        Assert.Equal("", await server.ReadToEndAsync());
        await server.FinishAsync();
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal(ResponseFlag.None, (await record()).Flag);
    });

    [Theory]
    [MemberData(nameof(Every))]
    public Task Writes_of_no_bytes_change_nothing(Way way) => Ways.RunAsync(way, async (client, accept, _) =>
    {
        var server = await accept();
        foreach (string text in (string[])["", "a", "", "", "b", ""]) await client.SendAsync(text);
        Assert.Equal("ab", await server.ReadAsync(2));
        await server.SendAsync("");
        await client.FinishAsync();
        await server.FinishAsync();
        Assert.Equal("", await client.ReadToEndAsync());
    });

    [Theory]
    [MemberData(nameof(Every))]
    public Task Connection_without_a_byte_for_the_idle_timeout_is_reset(Way way) => Ways.RunAsync(way, async (client, accept, record) =>
    {
        var server = await accept();
        await client.SendAsync("x");
        await server.ReadAsync(1);
        Assert.True((await client.DrainAsync()).Reset);
        Assert.True((await server.DrainAsync()).Reset);
        var (flag, reason) = ((await record()).Flag, (await record()).Reason);
        Assert.Equal((ResponseFlag.SI, "no byte was carried for 0.2 s"), (flag, reason));
    }, policy => policy.IdleTimeoutMs = 200);

    [Theory]
    [InlineData(Way.SameNode)]
    [InlineData(Way.Hbone)]
    [InlineData(Way.Direct)]
    public Task Bytes_in_either_direction_keep_a_connection_from_being_idle(Way way) => Ways.RunAsync(way, async (client, accept, record) =>
    {
        var server = await accept();
        for (int i = 0; i < 10; i++)
        {
            var (from, to) = i % 2 == 0 ? (client, server) : (server, client);
            await VirtualPause.ForAsync(client, TimeSpan.FromSeconds(50));
            await from.SendAsync("x");
            await to.ReadAsync(1);
        }
        await VirtualPause.ForAsync(client, TimeSpan.FromSeconds(62));
        Assert.Equal(ResponseFlag.SI, (await record()).Flag);
    }, policy => policy.IdleTimeoutMs = 60_000);
}
