using System.Text;
using Mesh.Kit.Measuring;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Telemetry;

public sealed class AccessLogTests
{
    private static readonly ConstantFields Labels = AccessFields.Of(new TrafficLabels(Reporter.Source, Party.Unknown, Party.Unknown, "http", "mutual_tls"));

    private readonly MetricRegistry metrics = new(1);

    [Fact]
    public void Full_ring_drops_counts_and_recovers()
    {
        var ring = Ring(1024);
        for (int i = 0; i < 9; i++) Write(ring, $"/{i}");
        var kept = Drain(ring);
        Assert.Equal(Enumerable.Range(0, kept.Count).Select(i => $"/{i}"), kept);
        Assert.Equal(9 - kept.Count, Dropped);
        Assert.InRange(Dropped, 1, 8);
        Write(ring, "/later");
        Assert.Equal(["/later"], Drain(ring));
    }

    [Fact]
    public void Ring_grows_up_to_its_bound_and_keeps_the_order()
    {
        var ring = Ring(64 * 1024);
        var written = Enumerable.Range(0, 300).Select(i => $"/{i}").ToList();
        foreach (string path in written) Write(ring, path);
        Assert.Equal(written, Drain(ring));
        Assert.Equal(0, Dropped);
    }

    [Fact]
    public void Records_of_every_length_survive_going_round()
    {
        var ring = Ring(2048);
        var random = new Random(1);
        for (int round = 0; round < 500; round++)
        {
            var written = Enumerable.Range(0, random.Next(1, 4)).Select(i => "/" + new string((char)('a' + i), random.Next(0, 200))).ToList();
            foreach (string path in written) Write(ring, path);
            Assert.Equal(written, Drain(ring));
        }
        Assert.Equal(0, Dropped);
    }

    [Fact]
    public void One_thread_writes_while_another_reads_and_nothing_is_lost_or_torn()
    {
        var ring = Ring(AccessRing.DefaultMaxBytes);
        const int count = 20_000;
        var seen = new Paths();
        var writer = Task.Run(() =>
        {
            for (int i = 0; i < count; i++) Write(ring, $"/{i}/{new string('x', i % 97)}");
        });
        while (!writer.IsCompleted) ring.Drain(seen);
        ring.Drain(seen);
        Assert.Equal(count - (int)Dropped, seen.Seen.Count);
        int last = -1;
        foreach (string path in seen.Seen)
        {
            int number = int.Parse(path.Split('/')[1]);
            Assert.True(number > last, $"{number} after {last}");
            Assert.Equal($"/{number}/{new string('x', number % 97)}", path);
            last = number;
        }
    }

    [Fact]
    public void Long_text_is_cut()
    {
        var ring = Ring(4096);
        Write(ring, new string('x', 5000));
        Assert.Equal(256, Assert.Single(Drain(ring)).Length);
    }

    [Fact]
    public void Record_that_the_sink_refuses_is_gone_and_the_next_is_written()
    {
        var ring = Ring(4096);
        var sink = new Paths { Broken = true };
        Write(ring, "/lost");
        Write(ring, "/written");
        Assert.Throws<IOException>(() => ring.Drain(sink));
        sink.Broken = false;
        Assert.Equal(1, ring.Drain(sink));
        Assert.Equal(["/written"], sink.Seen);
    }

    [Fact]
    public void Ring_holds_no_names_of_records_that_were_written_out()
    {
        var ring = Ring(4096);
        var labels = WriteWithLabelsOfItsOwn(ring);
        Drain(ring);
        GC.Collect();
        Assert.False(labels.TryGetTarget(out _));
    }

    [Fact]
    public void Writing_formatting_and_draining_allocate_nothing()
    {
        var ring = Ring(AccessRing.DefaultMaxBytes);
        var sink = new StreamAccessSink(Stream.Null, AccessLogFormat.Json);
        byte[] path = "/some/path?with=\"quotes\""u8.ToArray();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 500; i++) ring.Write(new AccessRecord { Labels = Labels, Path = path, ResponseCode = 503, Flags = ResponseFlag.UF, RouteName = "shop/cart" });
            ring.Drain(sink);
            sink.Flush();
        }));
    }

    [Fact]
    public async Task What_is_left_is_written_at_the_end()
    {
        var sink = new Paths();
        var log = new AccessLog(metrics, 1, sink, new StoppedTime(), _ => { });
        Write(log.Ring(0), "/last");
        await log.DisposeAsync();
        Assert.Equal(["/last"], sink.Seen);
    }

    [Fact]
    public async Task First_record_after_idle_arms_the_timer_once_and_idle_arms_none()
    {
        var time = new StoppedTime();
        var sink = new Paths();
        await using var log = new AccessLog(metrics, 1, sink, time, _ => { });
        Assert.Equal(0, time.Armed);
        for (int batch = 1; batch <= 3; batch++)
        {
            Write(log.Ring(0), $"/{batch}");
            Write(log.Ring(0), $"/{batch}");
            await Until(() => time.Armed == batch);
            sink.Expect(2 * batch);
            time.Fire();
            await sink.Expected;
            Assert.Equal(batch, time.Armed);
        }
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
        Write(log.Ring(0), "/lost");
        await failures.Task.WaitAsync(TimeSpan.FromSeconds(10));
        sink.Broken = false;
        Write(log.Ring(0), "/written");
        await log.DisposeAsync();
        Assert.Contains("/written", sink.Seen);
        Assert.Equal(1, reports);
    }

    private double Dropped => metrics.Shard(0).Counter(MeshMetrics.AccessRecordsDropped, "0").Value;

    private AccessRing Ring(int maxBytes) =>
        new(metrics.Shard(0).Counter(MeshMetrics.AccessRecordsDropped, "0"), new AccessWake(static () => { }, static () => { }), maxBytes);

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference<ConstantFields> WriteWithLabelsOfItsOwn(AccessRing ring)
    {
        var labels = new ConstantFields(("reporter", "source"));
        ring.Write(new AccessRecord { Labels = labels });
        return new(labels);
    }

    private static List<string> Drain(AccessRing ring)
    {
        var sink = new Paths();
        ring.Drain(sink);
        return sink.Seen;
    }

    private static void Write(AccessRing ring, string path) => ring.Write(new AccessRecord { Labels = Labels, Path = Encoding.UTF8.GetBytes(path) });

    private static async Task Until(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class Paths : IAccessSink
    {
        private TaskCompletionSource expected = new();
        private int wanted;

        public List<string> Seen { get; } = [];
        public volatile bool Broken;

        public Task Expected => expected.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public void Expect(int count) => (expected, wanted) = (new TaskCompletionSource(), count);

        public void Write(in AccessRecord record)
        {
            if (Broken) throw new IOException("broken");
            Seen.Add(Encoding.UTF8.GetString(record.Path));
        }

        public void Flush()
        {
            if (Seen.Count == wanted) expected.TrySetResult();
        }
    }

    /// <summary>One timer, which fires when the test says so.</summary>
    private sealed class StoppedTime : TimeProvider, ITimer
    {
        private TimerCallback? callback;
        private object? state;
        private int armed;

        public int Armed => Volatile.Read(ref armed);

        public void Fire() => callback!(state);

        public override ITimer CreateTimer(TimerCallback timerCallback, object? timerState, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, dueTime);
            (callback, state) = (timerCallback, timerState);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref armed);
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
