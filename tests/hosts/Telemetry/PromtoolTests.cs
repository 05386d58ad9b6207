using System.Buffers;
using System.Diagnostics;
using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Hosts.Telemetry;

/// <summary>Prometheus' own checker reads what we expose.</summary>
public sealed class PromtoolTests
{
    [Fact]
    public async Task Exposition_passes_the_lint_of_prometheus()
    {
        var registry = new MetricRegistry(2);
        var labels = new TrafficLabels(Reporter.Source, Party.Unknown, new Party("a\"b\\c\nd", "é", "", ""), "http", "none");
        for (int loop = 0; loop < 2; loop++)
        {
            var traffic = new TrafficMetricsCache(registry.Shard(loop)).Get(labels);
            traffic.ConnectionOpened();
            traffic.RequestEnded(200, ResponseFlag.None, TimeSpan.FromSeconds(0.3), 1, 100);
            traffic.RequestEnded(503, ResponseFlag.UH, TimeSpan.FromSeconds(300), 1, 100);
            traffic.ConnectionClosed(ResponseFlag.DC);
        }
        registry.Observe(MeshMetrics.LoopBusy, new LabelSet("0"), () => 1.5);
        registry.Shared.Gauge(MeshMetrics.ConfigVersion).Set(12);
        registry.Shared.Counter(MeshMetrics.ConfigRejected, "HTTPRoute").Increment();

        var (status, said) = await CheckAsync(registry);

        Assert.True(status == 0 && said.Length == 0, $"promtool check metrics ended with {status}: {said}");
    }

    [Fact]
    public async Task Checker_refuses_a_broken_exposition()
    {
        var registry = new MetricRegistry(1);
        registry.Shared.Gauge(MetricFamily.Gauge("bad name", "Spaces are not allowed.")).Set(1);
        Assert.NotEqual(0, (await CheckAsync(registry)).Status);
    }

    private static async Task<(int Status, string Said)> CheckAsync(MetricRegistry registry)
    {
        var text = new ArrayBufferWriter<byte>();
        MetricText.Write(registry, MetricFormat.Prometheus, text);
        using var promtool = Process.Start(new ProcessStartInfo("promtool", "check metrics")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await promtool.StandardInput.BaseStream.WriteAsync(text.WrittenMemory);
        promtool.StandardInput.Close();
        string said = await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, said);
    }
}
