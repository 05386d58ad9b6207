using System.Text;
using System.Text.Json;
using Mesh.Daemon.Logging;
using Mesh.Kit.Connections;
using Mesh.Telemetry.Logging;

namespace Mesh.Tests.Unit.Daemon;

public sealed class LogTests
{
    private readonly MemoryStream stream = new();

    [Fact]
    public async Task Text_is_one_line_an_entry_whatever_a_peer_sends()
    {
        await using (var log = new Log(new TextLogSink(stream), LogLevel.Info, new VirtualTime()))
        {
            log.Write(LogLevel.Debug, 1, "unseen", "below the level");
            log.Write(LogLevel.Warning, 2, "refused", "said: a\nb", ("peer", "10.0.0.1:1"), ("why", "no route"));
        }
        Assert.Equal("2026-01-01T00:00:00.000Z WARNING refused said: a b peer=10.0.0.1:1 why=\"no route\"\n", Text());
    }

    [Fact]
    public async Task Json_is_one_object_an_entry()
    {
        await using (var log = new Log(new JsonLogSink(stream), LogLevel.Info, new VirtualTime()))
            log.Write(LogLevel.Error, 3, "broken", "a \"thing\"", ("kind", "x"));
        var json = JsonDocument.Parse(Text().TrimEnd('\n')).RootElement;
        Assert.Equal(("error", 3, "broken", "a \"thing\"", "x"), (
            json.GetProperty("level").GetString(), json.GetProperty("id").GetInt32(), json.GetProperty("event").GetString(),
            json.GetProperty("message").GetString(), json.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Level_can_be_changed_while_running()
    {
        await using (var log = new Log(new TextLogSink(stream), LogLevel.Error, new VirtualTime()))
        {
            log.Write(LogLevel.Info, 1, "before", "x");
            log.Level = LogLevel.Debug;
            log.Write(LogLevel.Debug, 1, "after", "x");
        }
        Assert.Contains("after", Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("before", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_that_come_too_fast_are_lost_and_counted()
    {
        var gate = new GatedSink();
        await using (var log = new Log(gate, LogLevel.Info, new VirtualTime()))
        {
            log.Write(LogLevel.Info, 9, "first", "taken from the queue and stuck in the sink");
            Assert.True(gate.Entered.Wait(TimeSpan.FromSeconds(10)));
            for (int i = 0; i < 5000; i++) log.Write(LogLevel.Info, 9, "burst", "x");
            gate.Open.Set();
        }
        Assert.Equal(4096, gate.Seen.Count(entry => entry.Event == "burst"));
        Assert.Contains("904 log entries were lost", Assert.Single(gate.Seen, entry => entry.Event == "log_entries_lost").Message, StringComparison.Ordinal);
    }

    private string Text() => Encoding.UTF8.GetString(stream.ToArray());

    private sealed class GatedSink : ILogSink
    {
        public ManualResetEventSlim Entered { get; } = new();
        public ManualResetEventSlim Open { get; } = new();
        public List<LogEntry> Seen { get; } = [];

        public void Write(LogEntry entry)
        {
            Entered.Set();
            Open.Wait();
            Seen.Add(entry);
        }

        public void Flush()
        {
        }
    }
}
