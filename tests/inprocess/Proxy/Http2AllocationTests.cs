using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Measuring;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>A stream in steady state allocates nothing on its loop, whatever the application speaks: what served one stream serves the next.</summary>
public sealed class Http2AllocationTests
{
    private const int Requests = 300;
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

    [Theory]
    [InlineData(null)]
    [InlineData("wxyz")]
    public Task Request_to_an_application_of_HTTP1_allocates_nothing(string? body) => AllocatesNothing(AppProtocol.UnknownProtocol, body, async app =>
    {
        var server = await app.AcceptAsync();
        return async () =>
        {
            await server.ReadUntilAsync(body is null ? "\r\n\r\n" : "\r\n0\r\n\r\n");
            await server.SendAsync(Answer);
        };
    });

    [Theory]
    [InlineData(null)]
    [InlineData("wxyz")]
    public Task Request_to_an_application_of_HTTP2_allocates_nothing(string? body) => AllocatesNothing(AppProtocol.Http2, body, async app =>
    {
        var server = Http2Peer.Server((await app.AcceptAsync()).Connection);
        return async () =>
        {
            using var stream = await server.AcceptAsync();
            if (body is not null) Assert.Equal(body, await Bodies.ReadTextAsync(stream.Input));
            await Http2Peer.RespondAsync(stream, Response(200), "hello");
        };
    });

    /// <param name="accept">The application: takes the connection of the first request, then serves one after another.</param>
    private static async Task AllocatesNothing(AppProtocol protocol, string? body, Func<PeerServer, Task<Func<Task>>> accept)
    {
        var metrics = new MetricRegistry(1);
        await using var log = new AccessLog(metrics, 1, new StreamAccessSink(Stream.Null, AccessLogFormat.Json), TimeProvider.System, static _ => { });
        await using var gateway = new TestGateway(reporter: new TrafficReporter(metrics, log, 1, TimeProvider.System, new Random(1))) { Declared = protocol };
        var app = gateway.App();
        gateway.Route("/cart", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = Http2Peer.Client((await gateway.ConnectAsync()).Connection);
            var head = Request(body is null ? "GET" : "POST", "/cart/items/7?page=2", ("user-agent", "test"), ("accept", "*/*"));
            var first = client.RequestAsync(head, body);
            var serve = await accept(app);
            await ExchangeAsync(await first, serve);
            long allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < Requests; i++) await ExchangeAsync(await client.RequestAsync(head, body), serve);
            }, gateway.AllocatedBytesAsync);
            Assert.InRange(allocated, long.MinValue, 64);
        });
    }

    private static async Task ExchangeAsync(Http2Stream request, Func<Task> serve)
    {
        using (request)
        {
            await serve();
            Assert.Equal("200", Text(await request.ReadHeadersAsync(), ":status"));
            Assert.Equal("hello", await Bodies.ReadTextAsync(request.Input));
        }
    }
}
