using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Proxy.Dns;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Unit.Dns;

/// <summary>Several questions on one connection, on virtual time.</summary>
public sealed class DnsStreamClientTests
{
    private static readonly IpPort Resolver = IpPort.Parse("10.0.0.53:53");
    private static readonly byte[] Foreign = DnsMessages.Query("example.com", DnsWire.TypeA, id: 1);
    private static readonly byte[] Own = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, id: 2);

    private readonly TestLoop loop = new();
    private readonly FakeSockets sockets = new();
    private readonly Queue<MemoryConnection> asked = [];

    [Fact]
    public void Question_with_which_a_resolver_is_slow_holds_up_no_other() => With(async client =>
    {
        await DnsStream.WriteAsync(client.Output, Foreign);
        await DnsStream.WriteAsync(client.Output, Own);
        Assert.Equal(2, await IdAsync(client));
        await AnswerAsync(asked.Dequeue());
        Assert.Equal(1, await IdAsync(client));
    });

    [Fact]
    public void Questions_before_a_half_close_are_all_answered() => With(async client =>
    {
        await DnsStream.WriteAsync(client.Output, Foreign);
        await DnsStream.WriteAsync(client.Output, Own);
        await client.Output.CompleteAsync();
        Assert.Equal(2, await IdAsync(client));
        await AnswerAsync(asked.Dequeue());
        Assert.Equal(1, await IdAsync(client));
        Assert.Null(await DnsStream.ReadAsync(client.Input, DnsStream.MaxMessageLength));
    });

    [Fact]
    public void So_many_questions_are_asked_at_once_and_the_rest_afterwards() => With(async client =>
    {
        int most = new DnsOptions().MaxPipelined;
        for (int i = 0; i < most + 3; i++) await DnsStream.WriteAsync(client.Output, DnsMessages.Query($"x{i}.example.com", DnsWire.TypeA));
        await DnsStream.WriteAsync(client.Output, Own);
        await Task.Yield();
        Assert.Equal(most, asked.Count);
        for (int i = 0; i < most + 3; i++) await AnswerAsync(asked.Dequeue());
        for (int i = 0; i < most + 4; i++) await IdAsync(client);
    });

    [Fact]
    public void Client_that_leaves_while_a_resolver_is_asked_is_forgotten()
    {
        With(async client =>
        {
            await DnsStream.WriteAsync(client.Output, Foreign);
            await Task.Yield();
            client.Abort();
            await Task.Yield();
            await AnswerAsync(asked.Dequeue());
        });
        loop.RunUntilIdle();
        Assert.Equal(-1, loop.Timers.NextDueMilliseconds());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void Client_that_says_or_takes_nothing_is_closed_after_ten_seconds(int untaken)
    {
        var client = Connect();
        loop.Run(async () =>
        {
            for (int i = 0; i < untaken; i++) await DnsStream.WriteAsync(client.Output, DnsMessages.Query("cache.shop.mesh", DnsWire.TypeA));
        });
        loop.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(client.IsOver);
        loop.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(client.IsOver);
    }

    private static async Task<int> IdAsync(MemoryConnection client) => (await DnsStream.ReadAsync(client.Input, DnsStream.MaxMessageLength))![1];

    private static async Task AnswerAsync(MemoryConnection resolver)
    {
        var question = (await DnsStream.ReadAsync(resolver.Input, DnsStream.MaxMessageLength))!;
        await DnsStream.WriteAsync(resolver.Output, DnsMessages.AnswerTo(question));
        await Task.Yield();
        await Task.Yield();
    }

    private void With(Func<MemoryConnection, Task> talk)
    {
        var client = Connect();
        loop.Run(() => talk(client));
    }

    private MemoryConnection Connect()
    {
        sockets.Connect = _ =>
        {
            var (ours, theirs) = MemoryConnection.Pair(loop);
            asked.Enqueue(theirs);
            return ours;
        };
        var options = new DnsOptions { Listen = [IpPort.Parse("127.0.0.1:15053")], Resolvers = [Resolver] };
        DnsServer.Start(options, sockets, loop, NamedMesh.Make(300), new DnsMetrics(new MetricRegistry(1).Shard(0), "client", "shop"), new Random(5));
        var (client, server) = MemoryConnection.Pair(loop);
        loop.Post(static state => { var (accept, server) = ((Action<Connection>, Connection))state!; accept(server); }, (sockets.Accept!, (Connection)server));
        loop.RunUntilIdle();
        return client;
    }
}
