using System.Text;
using Mesh.Kit.Measuring;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Redis through a gateway's TCP listener, over sockets.</summary>
public sealed class RedisGatewayTests
{
    private const int Batches = 300, Pipelined = 50;

    private const string Get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", Set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nabc\r\n";

    [Fact]
    public async Task Commands_are_shown_with_their_results_and_how_long_they_took()
    {
        var metrics = new MetricRegistry(1);
        await With(metrics, async (gateway, server, client) =>
        {
            await ExchangeAsync(server, client, Get + Set + Get, "$-1\r\n-ERR x\r\n$1\r\nv\r\n");
            string text = await ScrapeAsync(metrics);
            Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*request_protocol=\"redis\"[^}]*command=\"get\",result=\"ok\"} 2$", text);
            Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*command=\"set\",result=\"error\"} 1$", text);
            Assert.Matches("(?m)^mesh_redis_command_duration_seconds_count{[^}]*command=\"get\"} 2$", text);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Pipelined)]
    public async Task Command_in_steady_state_allocates_nothing(int pipelined)
    {
        await With(new MetricRegistry(1), async (gateway, server, client) =>
        {
            string requests = string.Concat(Enumerable.Repeat(Get + Set, pipelined)), replies = string.Concat(Enumerable.Repeat("$3\r\nabc\r\n+OK\r\n", pipelined));
            byte[] asked = Encoding.ASCII.GetBytes(requests), answered = Encoding.ASCII.GetBytes(replies);
            await ExchangeAsync(server, client, asked, answered);
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Batches; i++) await ExchangeAsync(server, client, asked, answered);
            }, gateway.AllocatedBytesAsync);
            Assert.InRange(allocated, long.MinValue, 64);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Pipelined)]
    public async Task Read_at_a_replica_in_steady_state_allocates_nothing(int pipelined)
    {
        await WithReplica(async (gateway, primary, replica, client) =>
        {
            byte[] reads = Repeat(Get, pipelined), values = Repeat("$3\r\nabc\r\n", pipelined), write = Repeat(Set, 1), done = Repeat("+OK\r\n", 1);
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Batches; i++)
                {
                    await ExchangeAsync(replica, client, reads, values);
                    await ExchangeAsync(replica, client, reads, values);
                    await ExchangeAsync(primary, client, write, done);
                }
            }, gateway.AllocatedBytesAsync);
            Assert.InRange(allocated, long.MinValue, 64);
        });
    }

    private static byte[] Repeat(string text, int count) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, count)));

    private static async Task WithReplica(Func<TestGateway, Peer, Peer, Peer, Task> test)
    {
        var metrics = new MetricRegistry(1);
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var gateway = new TestGateway(reporter: new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1)));
        var (app, replicas) = (gateway.App(), gateway.App());
        string service = gateway.AddService(AppProtocol.Redis, replicas.Address);
        gateway.With(new TrafficPolicy
        {
            Namespace = "test",
            Name = "spread",
            Targets = { new Target { Service = "test/s1" } },
            RedisReadReplicas = new ReadReplicas { Service = service, Port = 1 },
        });
        gateway.StartTcp(AppProtocol.Redis, app.Address);
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Get);
            var replica = await replicas.AcceptAsync();
            await replica.ReadAsync(Get.Length);
            await replica.SendAsync("$-1\r\n");
            await client.ReadAsync("$-1\r\n".Length);
            await test(gateway, await app.AcceptAsync(), replica, client);
        });
    }

    private static Task ExchangeAsync(Peer server, Peer client, string asked, string answered) =>
        ExchangeAsync(server, client, Encoding.ASCII.GetBytes(asked), Encoding.ASCII.GetBytes(answered));

    private static async Task ExchangeAsync(Peer server, Peer client, byte[] asked, byte[] answered)
    {
        await client.SendAsync(asked);
        await server.ReadAsync(asked.Length);
        await server.SendAsync(answered);
        await client.ReadAsync(answered.Length);
    }

    private static async Task<string> ScrapeAsync(MetricRegistry metrics)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (true)
        {
            var text = new System.Buffers.ArrayBufferWriter<byte>();
            MetricText.Write(metrics, MetricFormat.Prometheus, text);
            string written = Encoding.UTF8.GetString(text.WrittenSpan);
            if (written.Contains("result=\"error\"") || bound.IsCancellationRequested) return written;
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task With(MetricRegistry metrics, Func<TestGateway, Peer, Peer, Task> test)
    {
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var gateway = new TestGateway(reporter: new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1)));
        var app = gateway.App();
        gateway.StartTcp(AppProtocol.Redis, app.Address);
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await test(gateway, await app.AcceptAsync(), client);
        });
    }
}
