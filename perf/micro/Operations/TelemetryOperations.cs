using Mesh.Proxy.Configuration;
using Mesh.Proxy.Tracing;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Micro.Operations;

/// <summary>What it costs to observe.</summary>
internal static class TelemetryOperations
{
    private static readonly TrafficLabels Labels = new(
        Reporter.Source,
        new Party("web-1", "shop", "spiffe://cluster.local/ns/shop/sa/web", "unknown"),
        new Party("catalog-1", "shop", "spiffe://cluster.local/ns/shop/sa/catalog", "catalog.shop.mesh"),
        "http", "mutual_tls");

    public static IEnumerable<Operation> All()
    {
        var registry = new MetricRegistry(1);
        var traffic = new TrafficMetricsCache(registry.Shard(0)).Get(Labels);
        int number = 0;
        yield return new Operation("metrics: a request of one kind", () => traffic.RequestEnded(200, ResponseFlag.None, TimeSpan.FromMicroseconds(number++ & 0xFFFF), 0, 1024));
        yield return new Operation("metrics: requests of two kinds in turn", () => traffic.RequestEnded((number++ & 1) == 0 ? 200 : 404, ResponseFlag.None, TimeSpan.FromMilliseconds(3), 0, 1024));

        yield return Scrape();

        var bits = new BitSource(new Random(1));
        var sampled = new AccessLogModel { Sampling = new Sampling(10_000) };
        yield return new Operation("access log: a record that is not sampled", () => sampled.Wants(200, ResponseFlag.None, TimeSpan.Zero, bits.Next32() | 0xFF000000));

        foreach (var (name, sink) in new (string, IAccessSink)[]
        {
            ("into the ring", new NoSink()),
            ("written as JSON", new StreamAccessSink(Stream.Null, AccessLogFormat.Json)),
            ("written as text", new StreamAccessSink(Stream.Null, AccessLogFormat.Text)),
        })
            yield return AccessRecord(name, sink, traffic.AccessLabels);
    }

    /// <summary>58 lines a label set. What it allocates is for the scrape as a whole, whatever the number of series.</summary>
    private static Operation Scrape()
    {
        var registry = new MetricRegistry(2);
        for (int i = 0; i < 40; i++)
        {
            var labels = Labels with { Destination = Labels.Destination with { Workload = $"catalog-{i / 2}" } };
            new TrafficMetricsCache(registry.Shard(i % 2)).Get(labels).RequestEnded(200, ResponseFlag.None, TimeSpan.FromMilliseconds(i), 0, 1024);
        }
        return new Operation("metrics: scrape of 1,240 lines from 2 loops", () =>
        {
            foreach (var piece in MetricText.Pieces(registry, MetricFormat.Prometheus)) _ = piece.Length;
        }, BudgetBytes: 192 * 1024);
    }

    private static Operation AccessRecord(string name, IAccessSink sink, ConstantFields labels)
    {
        var ring = new AccessRing(new MetricRegistry(1).Shard(0).Counter(MeshMetrics.AccessRecordsDropped, "0"), new AccessWake(static () => { }, static () => { }));
        var address = new AccessAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1], 8080);
        long ticks = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).Ticks;
        int number = 0;
        return new Operation($"access log: a record {name}", () =>
        {
            ring.Write(new AccessRecord
            {
                Start = new DateTimeOffset(ticks += 10_000, TimeSpan.Zero),
                Duration = TimeSpan.FromMicroseconds(1234),
                Labels = labels,
                SourceAddress = address,
                EndpointAddress = address,
                Method = "GET"u8,
                Authority = "catalog.shop.mesh"u8,
                Path = "/catalog/items/17?page=2"u8,
                RequestId = "7d444840-9dc0-41d1-b245-5ffdce74fad2"u8,
                TraceId = "0af7651916cd43dd8448eb211c80319c"u8,
                ResponseCode = 200,
                RouteName = "shop/catalog",
                BytesSent = 1024,
            });
            if ((++number & 0xFF) != 0) return;
            ring.Drain(sink);
            sink.Flush();
        });
    }

    private sealed class NoSink : IAccessSink
    {
        public void Write(in AccessRecord record)
        {
            // Only the way there is measured.
        }

        public void Flush()
        {
        }
    }
}
