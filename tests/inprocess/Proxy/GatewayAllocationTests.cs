using Mesh.Kit.Measuring;
using Mesh.Kit.Proxy;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>A request in steady state allocates nothing on its loop: parsing, routing, trace headers, forwarding, metrics and the access record.</summary>
public sealed class GatewayAllocationTests
{
    private const int Requests = 300;

    private static readonly byte[] Get = "GET /cart/items/7?page=2 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"u8.ToArray();
    private static readonly byte[] LastGet = "GET /cart/items/7?page=2 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: test\r\nConnection: close\r\n\r\n"u8.ToArray();
    private static readonly byte[] Post = "POST /cart HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\nwxyz"u8.ToArray();
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray();
    private static readonly byte[] Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"u8.ToArray();

    [Fact]
    public Task Get_with_a_length_allocates_nothing() => AllocatesNothing(Get, Answer, "hello");

    [Fact]
    public Task Get_with_a_chunked_answer_allocates_nothing() => AllocatesNothing(Get, Chunked, "0\r\n\r\n");

    [Fact]
    public Task Post_with_a_body_allocates_nothing() => AllocatesNothing(Post, Answer, "hello");

    /// <summary>The connection's own objects; what names its parties, and what a request needs while it is under way, exist already.</summary>
    [Fact]
    public async Task New_connection_for_a_request_allocates_no_more_than_its_own_objects()
    {
        var metrics = new MetricRegistry(1);
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var gateway = new TestGateway(reporter: new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1)));
        var app = gateway.App();
        gateway.Route("/cart", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            Peer? server = null;
            async Task Ask()
            {
                var client = await gateway.ConnectAsync();
                await client.SendAsync(LastGet);
                server ??= await app.AcceptAsync();
                await server.ReadUntilAsync("\r\n\r\n");
                await server.SendAsync(Answer);
                await client.ReadUntilAsync("hello");
                await client.ReadToEndAsync();
                await client.DisposeAsync();
            }

            for (int i = 0; i < 50; i++) await Ask();
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Requests; i++) await Ask();
            }, gateway.AllocatedBytesAsync);
            Assert.InRange(allocated / Requests, 0, 2048);
        });
    }

    private static async Task AllocatesNothing(byte[] request, byte[] response, string end)
    {
        var metrics = new MetricRegistry(1);
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var gateway = new TestGateway(reporter: new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1)));
        var app = gateway.App();
        gateway.Route("/cart", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(request);
            var server = await app.AcceptAsync();
            string requestEnd = request == Post ? "wxyz" : "\r\n\r\n";
            await server.ReadUntilAsync(requestEnd);
            await server.SendAsync(response);
            await client.ReadUntilAsync(end);
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Requests; i++)
                {
                    await client.SendAsync(request);
                    await server.ReadUntilAsync(requestEnd);
                    await server.SendAsync(response);
                    await client.ReadUntilAsync(end);
                }
            }, gateway.AllocatedBytesAsync);
            Assert.InRange(allocated, long.MinValue, 64);
        });
    }
}
