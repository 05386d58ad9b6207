using System.Buffers;
using System.Text;
using Mesh.Kit.Measuring;
using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Telemetry;

public sealed class TrafficTests
{
    private static readonly TrafficLabels Labels = new(
        Reporter.Source,
        new Party("web-1", "shop", "spiffe://cluster.local/ns/shop/sa/web", "shop/web"),
        new Party("catalog-1", "shop", "spiffe://cluster.local/ns/shop/sa/catalog", "shop/catalog"),
        "http", "mutual_tls");

    private const string LabelText =
        "reporter=\"source\",source_workload=\"web-1\",source_namespace=\"shop\",source_principal=\"spiffe://cluster.local/ns/shop/sa/web\"," +
        "source_service=\"shop/web\",destination_workload=\"catalog-1\",destination_namespace=\"shop\"," +
        "destination_principal=\"spiffe://cluster.local/ns/shop/sa/catalog\",destination_service=\"shop/catalog\"," +
        "request_protocol=\"http\",connection_security_policy=\"mutual_tls\"";

    private readonly MetricRegistry registry = new(1);
    private readonly TrafficMetricsCache cache;

    public TrafficTests() => cache = new TrafficMetricsCache(registry.Shard(0));

    [Fact]
    public void Request_is_counted_with_every_label()
    {
        var traffic = cache.Get(Labels);
        traffic.RequestEnded(200, ResponseFlag.None, TimeSpan.FromMilliseconds(3), 10, 2000);
        traffic.RequestEnded(503, ResponseFlag.UF | ResponseFlag.URX, TimeSpan.FromSeconds(1), 10, 0, grpcStatus: 14);
        traffic.RequestEnded(200, ResponseFlag.None, TimeSpan.FromMilliseconds(3), 10, 2000);
        string text = Scrape();
        Assert.Contains($"mesh_requests_total{{{LabelText},response_code=\"200\",grpc_response_status=\"\",response_flags=\"-\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"mesh_requests_total{{{LabelText},response_code=\"503\",grpc_response_status=\"14\",response_flags=\"UF,URX\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("response_flags=\"-\",le=\"0.0025\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("response_flags=\"-\",le=\"0.005\"} 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_is_active_until_it_closes()
    {
        var traffic = cache.Get(Labels);
        traffic.ConnectionOpened();
        traffic.ConnectionOpened();
        traffic.Sent(100);
        traffic.Received(7);
        traffic.ConnectionClosed(ResponseFlag.UAEX);
        string text = Scrape();
        Assert.Contains($"mesh_connections_active{{{LabelText}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"mesh_tcp_connections_opened_total{{{LabelText}}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"mesh_tcp_connections_closed_total{{{LabelText},response_flags=\"UAEX\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"mesh_tcp_sent_bytes_total{{{LabelText}}} 100\n", text, StringComparison.Ordinal);
        Assert.Contains($"mesh_tcp_received_bytes_total{{{LabelText}}} 7\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Counting_a_request_of_a_known_kind_allocates_nothing()
    {
        cache.Get(Labels).RequestEnded(200, ResponseFlag.None, TimeSpan.Zero, 1, 1);
        cache.Get(Labels).RequestEnded(404, ResponseFlag.NR, TimeSpan.Zero, 1, 1);
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                var traffic = cache.Get(Labels);
                traffic.RequestEnded(200, ResponseFlag.None, TimeSpan.Zero, 1, 1);
                traffic.RequestEnded(404, ResponseFlag.NR, TimeSpan.Zero, 1, 1);
            }
        }));
    }

    [Fact]
    public void Every_flag_has_a_text_of_its_own()
    {
        var flags = Enum.GetValues<ResponseFlag>();
        Assert.Equal(flags.Length, flags.Select(flag => flag.ToText()).Distinct().Count());
        Assert.Equal("-", ResponseFlag.None.ToText());
        Assert.Equal(20, flags.Length);
    }

    [Fact]
    public void Metric_names_are_those_of_the_contract()
    {
        string[] names = [.. typeof(MeshMetrics).GetFields().Select(field => ((MetricFamily)field.GetValue(null)!).Name)];
        string[] promised =
        [
            "mesh_requests_total", "mesh_request_duration_seconds", "mesh_request_bytes", "mesh_response_bytes",
            "mesh_tcp_connections_opened_total", "mesh_tcp_connections_closed_total", "mesh_tcp_sent_bytes_total", "mesh_tcp_received_bytes_total",
            "mesh_connections_active", "mesh_workload_cpu_seconds_total", "mesh_workload_memory_bytes", "mesh_loop_busy_seconds_total",
            "mesh_redirect_verified", "mesh_certificate_expiry_seconds", "mesh_config_version", "mesh_config_rejected_total",
        ];
        Assert.Empty(promised.Except(names));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    private string Scrape()
    {
        var buffer = new ArrayBufferWriter<byte>();
        MetricText.Write(registry, MetricFormat.Prometheus, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
