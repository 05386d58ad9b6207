using System.Text;
using System.Text.Json;
using Mesh.Daemon.Admin;
using Mesh.Daemon.Logging;
using Mesh.Kit.Connections;
using Mesh.Telemetry;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Unit.Daemon;

public sealed class AdminTests
{
    private readonly VirtualTime time = new();
    private readonly MetricRegistry metrics = new(1);
    private readonly Readiness readiness = new();
    private readonly Log log;
    private readonly TestLoop loop;
    private readonly AdminSources sources;

    public AdminTests()
    {
        log = new Log(new TextLogSink(Stream.Null), LogLevel.Info, time);
        loop = new TestLoop("worker-0", 0, time);
        sources = new AdminSources(metrics, log, readiness, new LoopHealth([loop], time), [loop], json =>
        {
            json.WriteStartObject();
            json.WriteString("version", "v1");
            json.WriteEndObject();
        });
    }

    [Fact]
    public async Task Metrics_follow_the_accept_header()
    {
        metrics.Shared.Gauge(MeshMetrics.ConfigVersion).Set(7);
        var text = await AdminEndpoints.Metrics(sources).HandleAsync(new AdminRequest("GET", "/metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", text.ContentType);
        Assert.Contains("mesh_config_version 7\n", Body(text), StringComparison.Ordinal);
        var open = await AdminEndpoints.Metrics(sources).HandleAsync(new AdminRequest("GET", "/metrics", "application/openmetrics-text"));
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", open.ContentType);
        Assert.EndsWith("# EOF\n", Body(open), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_only_when_every_condition_is_met_and_never_while_draining()
    {
        readiness.Expect("configuration received");
        readiness.Expect("loops started");
        readiness.Meet("loops started");
        Assert.Equal((503, "not ready: configuration received\n"), await ReadyAsync());
        readiness.Meet("configuration received");
        Assert.Equal((200, "ready\n"), await ReadyAsync());
        readiness.Drain();
        Assert.Equal((503, "not ready: draining\n"), await ReadyAsync());

        async Task<(int, string)> ReadyAsync()
        {
            var response = await AdminEndpoints.Readiness(sources).HandleAsync(new AdminRequest("GET", "/readyz"));
            return (response.Status, Body(response));
        }
    }

    [Fact]
    public async Task Live_while_loops_answer_and_not_when_one_is_stuck()
    {
        var asking = Admin("GET", "/livez");
        loop.RunUntilIdle();
        Assert.Equal(200, (await asking).Status);
        time.Remove(loop);
        asking = Admin("GET", "/livez");
        time.Advance(LoopHealth.Patience - TimeSpan.FromTicks(1));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));
        var response = await asking;
        Assert.Equal((503, "these loops do not answer: worker-0\n"), (response.Status, Body(response)));
    }

    [Fact]
    public async Task Log_level_is_shown_and_changed()
    {
        Assert.Equal("level info\n", Body(await Admin("GET", "/logging?level=debug")));
        Assert.Equal("level debug\n", Body(await Admin("POST", "/logging?level=debug")));
        Assert.Equal(LogLevel.Debug, log.Level);
        Assert.Equal(400, (await Admin("POST", "/logging?level=loud")).Status);
        Assert.Equal(400, (await Admin("POST", "/logging")).Status);
    }

    [Fact]
    public async Task Config_dump_is_json()
    {
        var response = await Admin("GET", "/config_dump");
        Assert.Equal("application/json", response.ContentType);
        Assert.Equal("v1", JsonDocument.Parse(response.Body).RootElement.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Stats_can_be_filtered()
    {
        metrics.Shared.Gauge(MeshMetrics.ConfigVersion).Set(7);
        metrics.Shared.Counter(MeshMetrics.ConfigRejected, "a b").Increment();
        Assert.Equal("mesh_config_rejected_total{kind=\"a b\"} 1\n", Body(await Admin("GET", "/stats?filter=a+b")));
        Assert.Equal(2, Body(await Admin("GET", "/stats")).TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Pools_show_every_loop()
    {
        loop.Buffers.Rent();
        Assert.Equal("worker-0 blocks_in_use 1 blocks_idle 0 timers 0\n", Body(await Admin("GET", "/debug/pools")));
    }

    [Fact]
    public async Task Index_lists_every_page_and_wrong_paths_and_methods_are_refused()
    {
        string index = Body(await Admin("GET", "/"));
        foreach (string page in (string[])["/config_dump", "/stats", "/logging", "/debug/pools", "/metrics", "/readyz", "/livez"])
            Assert.Contains(page + " ", index, StringComparison.Ordinal);
        Assert.Equal(404, (await Admin("GET", "/nope")).Status);
        var refused = await Admin("DELETE", "/metrics");
        Assert.Equal((405, "GET, HEAD"), (refused.Status, refused.Allow));
        Assert.Equal(200, (await Admin("HEAD", "/metrics")).Status);
    }

    [Fact]
    public async Task Process_is_shown_like_in_any_client_library()
    {
        ProcessMetrics.Register(metrics, "1.2.3");
        string text = Body(await Admin("GET", "/metrics"));
        Assert.Contains("mesh_build_info{version=\"1.2.3\"} 1\n", text, StringComparison.Ordinal);
        Assert.Matches("\nprocess_resident_memory_bytes [1-9][0-9]{6,}\n", text);
        Assert.Matches("\nprocess_open_fds [1-9]", text);
    }

    private Task<AdminResponse> Admin(string method, string target) =>
        AdminEndpoints.Admin(sources).HandleAsync(new AdminRequest(method, target)).AsTask();

    private static string Body(AdminResponse response) => response.Pieces is { } pieces
        ? string.Concat(pieces.Select(static piece => Encoding.UTF8.GetString(piece.Span)))
        : Encoding.UTF8.GetString(response.Body.Span);
}
