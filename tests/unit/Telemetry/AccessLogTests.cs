using System.Net;
using System.Text;
using System.Text.Json;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Telemetry;

public sealed class AccessLogTests
{
    private readonly MetricRegistry metrics = new(1);
    private readonly MemoryStream stream = new();
    private int wakes;

    [Fact]
    public void Json_record_has_every_field_that_is_known()
    {
        var ring = Ring(8);
        Fill(ring, "/items?q=\"a b\"");
        ring.Drain(Flushed(new JsonAccessSink(stream), out var flush));
        flush();
        var json = JsonDocument.Parse(Text()).RootElement;
        Assert.Equal("2026-01-02T03:04:05.006Z", json.GetProperty("start_time").GetString());
        Assert.Equal(12.5, json.GetProperty("duration_ms").GetDouble());
        Assert.Equal("/items?q=\"a b\"", json.GetProperty("path").GetString());
        Assert.Equal(503, json.GetProperty("response_code").GetInt32());
        Assert.Equal("UF", json.GetProperty("response_flags").GetString());
        Assert.Equal("10.0.0.1:4000", json.GetProperty("source_address").GetString());
        Assert.Equal("[fd00::1]:80", json.GetProperty("destination_address").GetString());
        Assert.False(json.TryGetProperty("grpc_status", out _));
        Assert.False(json.TryGetProperty("trace_id", out _));
    }

    [Fact]
    public void Text_record_is_one_line_with_quoted_values_where_needed()
    {
        var ring = Ring(8);
        Fill(ring, "/a b\n\"c\"");
        ring.Drain(Flushed(new TextAccessSink(stream), out var flush));
        flush();
        string line = Assert.Single(Text().TrimEnd('\n').Split('\n'));
        Assert.StartsWith("access start_time=2026-01-02T03:04:05.006Z duration_ms=12.5 reporter=source", line, StringComparison.Ordinal);
        Assert.Contains(" path=\"/a b\\n\\\"c\\\"\" ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Full_ring_drops_counts_and_recovers()
    {
        var ring = Ring(4);
        for (int i = 0; i < 6; i++) Fill(ring, $"/{i}");
        Assert.Equal(2, metrics.Shard(0).Counter(MeshMetrics.AccessRecordsDropped, "0").Value);
        Assert.Equal(1, wakes);
        Assert.Equal(["/0", "/1", "/2", "/3"], Drain(ring));
        Fill(ring, "/later");
        Assert.Equal(["/later"], Drain(ring));
    }

    [Fact]
    public void Record_that_was_begun_but_not_committed_is_not_seen()
    {
        var ring = Ring(4);
        Assert.True(ring.TryBegin(out var record));
        record.Path.Set("/lost"u8);
        Assert.Empty(Drain(ring));
        Assert.True(ring.TryBegin(out record));
        Assert.True(record.Path.IsEmpty);
    }

    [Fact]
    public void Long_text_is_cut()
    {
        var ring = Ring(4);
        Fill(ring, new string('x', 5000));
        Assert.Equal(256, Assert.Single(Drain(ring)).Length);
    }

    [Fact]
    public void Filling_a_record_allocates_nothing()
    {
        var ring = Ring(64);
        var path = "/some/path"u8.ToArray();
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 64; i++)
            {
                ring.TryBegin(out var record);
                record.Path.Set(path);
                ring.Commit();
            }
            long after = GC.GetAllocatedBytesForCurrentThread();
            ring.Drain(new Paths());
            if (round > 0) Assert.Equal(before, after);
        }
    }

    [Fact]
    public async Task What_is_left_is_written_at_the_end()
    {
        var sink = new Paths();
        var log = new AccessLog(metrics, 1, sink, TimeProvider.System, _ => { });
        Fill(log.Ring(0), "/last");
        await log.DisposeAsync();
        Assert.Equal(["/last"], sink.Seen);
    }

    [Fact]
    public async Task Sink_that_fails_is_reported_once_and_tried_again()
    {
        var sink = new Paths { Broken = true };
        var failures = new TaskCompletionSource();
        int reports = 0;
        var log = new AccessLog(metrics, 1, sink, TimeProvider.System, _ =>
        {
            reports++;
            failures.TrySetResult();
        });
        Fill(log.Ring(0), "/lost");
        await failures.Task.WaitAsync(TimeSpan.FromSeconds(10));
        sink.Broken = false;
        Fill(log.Ring(0), "/written");
        await log.DisposeAsync();
        Assert.Contains("/written", sink.Seen);
        Assert.Equal(1, reports);
    }

    private AccessRing Ring(int capacity) => new(metrics.Shard(0).Counter(MeshMetrics.AccessRecordsDropped, "0"), () => wakes++, capacity);

    private static IAccessSink Flushed(IAccessSink sink, out Action flush)
    {
        flush = sink.Flush;
        return sink;
    }

    private string Text() => Encoding.UTF8.GetString(stream.ToArray());

    private static List<string> Drain(AccessRing ring)
    {
        var sink = new Paths();
        ring.Drain(sink);
        return sink.Seen;
    }

    private static void Fill(AccessRing ring, string path)
    {
        if (!ring.TryBegin(out var record)) return;
        record.Start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 6, TimeSpan.Zero);
        record.Duration = TimeSpan.FromMilliseconds(12.5);
        record.Labels = new TrafficLabels(Reporter.Source, Party.Unknown, Party.Unknown, "http", "mutual_tls");
        record.SourceAddress.Set(IPAddress.Parse("::ffff:10.0.0.1").GetAddressBytes(), 4000);
        record.DestinationAddress.Set(IPAddress.Parse("fd00::1").GetAddressBytes(), 80);
        record.Path.Set(Encoding.UTF8.GetBytes(path));
        record.ResponseCode = 503;
        record.Flags = ResponseFlag.UF;
        ring.Commit();
    }

    private sealed class Paths : IAccessSink
    {
        public List<string> Seen { get; } = [];
        public volatile bool Broken;

        public void Write(AccessRecord record)
        {
            if (Broken) throw new IOException("broken");
            Seen.Add(record.Path.ToString());
        }

        public void Flush()
        {
        }
    }
}
