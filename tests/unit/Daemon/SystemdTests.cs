using System.Net.Sockets;
using System.Text;
using Mesh.Daemon.Systemd;
using Mesh.Kit.Connections;
using Mesh.Telemetry.Logging;

namespace Mesh.Tests.Unit.Daemon;

public sealed class SystemdTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("meshd-systemd-").FullName;
    private readonly Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
    private readonly VirtualTime time = new();

    private string Address => Path.Combine(folder, "socket");

    public void Dispose()
    {
        manager.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void States_reach_a_manager_at_a_path()
    {
        manager.Bind(new UnixDomainSocketEndPoint(Address));
        var notifier = new Notifier(Address, time);
        notifier.Ready("2 workloads\nin force");
        Assert.Equal("READY=1\nSTATUS=2 workloads in force", Receive());
        time.Advance(TimeSpan.FromSeconds(2));
        notifier.Reloading();
        Assert.Equal("RELOADING=1\nMONOTONIC_USEC=2000000", Receive());
        notifier.Stopping();
        Assert.Equal("STOPPING=1", Receive());
        notifier.Extend(TimeSpan.FromSeconds(30));
        Assert.Equal("EXTEND_TIMEOUT_USEC=30000000", Receive());
    }

    [Fact]
    public void States_reach_a_manager_in_the_abstract_namespace()
    {
        string name = $"mesh-test-{Guid.NewGuid():N}";
        manager.Bind(new UnixDomainSocketEndPoint("\0" + name));
        new Notifier("@" + name, time).Status("fine");
        Assert.Equal("STATUS=fine", Receive());
    }

    [Fact]
    public void Without_a_manager_nothing_happens()
    {
        new Notifier(null, time).Ready("x");
        new Notifier("/nonexistent/socket", time).Ready("x");
        Assert.False(new Notifier("", time).IsManaged);
    }

    [Fact]
    public async Task Watchdog_speaks_twice_an_interval_while_the_check_agrees()
    {
        manager.Bind(new UnixDomainSocketEndPoint(Address));
        bool alive = true;
        await using var watchdog = new Watchdog(new Notifier(Address, time), TimeSpan.FromSeconds(10), time, () => Task.FromResult(alive));
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(["WATCHDOG=1", "WATCHDOG=1"], ReceiveAll());
        alive = false;
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(ReceiveAll());
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "42", 30)]
    [InlineData("30000000", "43", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void Watchdog_interval_is_read_from_the_environment(string? microseconds, string? process, int? seconds)
    {
        var interval = Watchdog.Interval(name => name == "WATCHDOG_USEC" ? microseconds : process, processId: 42);
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, interval);
    }

    [Fact]
    public void Journal_entry_has_fields_and_length_prefixed_values()
    {
        manager.Bind(new UnixDomainSocketEndPoint(Address));
        using var journal = new Journal(Address);
        new JournalLogSink(journal).Write(new LogEntry(default, LogLevel.Warning, 7, "some_event", "two\nlines", [("kind", "HTTPRoute")]));
        Assert.Equal("MESSAGE\n\u0009\0\0\0\0\0\0\0two\nlines\nPRIORITY=4\nSYSLOG_IDENTIFIER=meshd\nMESH_EVENT=some_event\nMESH_EVENT_ID=7\nMESH_KIND=HTTPRoute\n", Receive());
    }

    [Fact]
    public void Huge_values_are_cut_and_too_many_are_left_out()
    {
        manager.Bind(new UnixDomainSocketEndPoint(Address));
        using var journal = new Journal(Address);
        for (int i = 0; i < 50; i++) journal.Add("FIELD", new string('x', 100_000));
        journal.Send();
        Assert.InRange(Receive().Length, 80_000, 96 * 1024);
    }

    private string Receive()
    {
        var buffer = new byte[256 * 1024];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    }

    private List<string> ReceiveAll()
    {
        var all = new List<string>();
        while (manager.Available > 0) all.Add(Receive());
        return all;
    }
}
