using Mesh.Kit.Measuring;
using Mesh.Kit.Proxy;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>What a request from workload to workload allocates on the loops of both machines, over sockets and TLS.</summary>
public sealed class MeshAllocationTests
{
    private const int Requests = 300;

    private static readonly byte[] get = "GET /cart/items/7?page=2 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"u8.ToArray();
    private static readonly byte[] post = "POST /cart HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\nwxyz"u8.ToArray();
    private static readonly byte[] answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Request_between_workloads_allocates_nothing(bool sameNode, bool withBody)
    {
        byte[] request = withBody ? post : get;
        string requestEnd = withBody ? "wxyz" : "\r\n\r\n";
        var metrics = new MetricRegistry(1);
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var machines = await SocketMachines.StartAsync(sameNode, TestMachines.Wire.Http, () => new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1)));
        await machines.RunAsync(async () =>
        {
            var client = await machines.ConnectAsync();
            await client.SendAsync(request);
            var server = await machines.AcceptAsync();
            await server.ReadUntilAsync(requestEnd);
            await server.SendAsync(answer);
            await client.ReadUntilAsync("hello");
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Requests; i++)
                {
                    await client.SendAsync(request);
                    await server.ReadUntilAsync(requestEnd);
                    await server.SendAsync(answer);
                    await client.ReadUntilAsync("hello");
                }
            }, machines.AllocatedBytesAsync);
            Assert.InRange(allocated, long.MinValue, 64);
        });
    }
}
