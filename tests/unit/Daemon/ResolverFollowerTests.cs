using Mesh.Daemon.Composition;
using Mesh.Daemon.Logging;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Logging;

namespace Mesh.Tests.Unit.Daemon;

public sealed class ResolverFollowerTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-follow-").FullName;
    private readonly VirtualTime time = new();
    private readonly List<string> told = [];
    private readonly Log log;
    private readonly ResolverFollower follower;

    public ResolverFollowerTests()
    {
        log = new(new TextLogSink(Stream.Null), LogLevel.Info, time);
        follower = new(log, time);
        File.WriteAllText(Second, "nameserver 10.0.0.1\nsearch a\n");
    }

    private string First => Path.Combine(folder, "first");

    private string Second => Path.Combine(folder, "second");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await follower.DisposeAsync();
        await log.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Changed_file_is_told_within_five_seconds_and_one_that_says_the_same_is_not()
    {
        using var following = Follow([First, Second], [First, Second]);
        Assert.Empty(told);
        File.WriteAllText(Second, "nameserver 10.0.0.2\nsearch a\n");
        time.Advance(ResolverFollower.Interval);
        File.AppendAllText(Second, "# the same\n");
        time.Advance(ResolverFollower.Interval);
        Assert.Equal(["10.0.0.2 a"], told);
    }

    [Fact]
    public void File_renamed_into_place_with_the_same_length_and_age_is_read()
    {
        var age = File.GetLastWriteTimeUtc(Second);
        using var following = Follow([Second], [Second]);
        string next = Path.Combine(folder, "next");
        File.WriteAllText(next, "nameserver 10.0.0.3\nsearch a\n");
        File.SetLastWriteTimeUtc(next, age);
        File.Move(next, Second, overwrite: true);
        time.Advance(ResolverFollower.Interval);
        Assert.Equal(["10.0.0.3 a"], told);
    }

    [Fact]
    public void Better_file_that_appears_wins_and_when_it_goes_the_other_is_back()
    {
        using var following = Follow([First, Second], [First, Second]);
        File.WriteAllText(First, "nameserver fd00::53\nsearch b c\n");
        time.Advance(ResolverFollower.Interval);
        File.Delete(First);
        time.Advance(ResolverFollower.Interval);
        Assert.Equal(["fd00::53 b,c", "10.0.0.1 a"], told);
    }

    [Fact]
    public void Files_without_servers_leave_the_known_ones()
    {
        using var following = Follow([Second], [Second]);
        File.WriteAllText(Second, "nameserver 1\nnameserver 0x7f.1\nnameserver\nsearch\n\0");
        time.Advance(ResolverFollower.Interval);
        Assert.Equal(["10.0.0.1 "], told);
        File.Delete(Second);
        time.Advance(ResolverFollower.Interval);
        Assert.Single(told);
    }

    [Fact]
    public void What_the_network_named_stays()
    {
        using var following = Follow([], [Second]);
        File.WriteAllText(Second, "nameserver 10.0.0.2\nsearch b\n");
        time.Advance(ResolverFollower.Interval);
        Assert.Equal(["10.0.0.1 b"], told);
    }

    [Fact]
    public void Files_that_changed_while_nobody_looked_are_told_at_once()
    {
        File.WriteAllText(Second, "nameserver 10.0.0.2\nsearch a\n");
        using var following = Follow([Second], [Second]);
        Assert.Equal(["10.0.0.2 a"], told);
    }

    [Fact]
    public void Nothing_is_told_after_the_end()
    {
        Follow([Second], [Second]).Dispose();
        File.WriteAllText(Second, "nameserver 10.0.0.2\n");
        time.Advance(ResolverFollower.Interval);
        Assert.Empty(told);
    }

    private IDisposable Follow(string[] resolverFiles, string[] domainFiles) => follower.Follow(
        new LocalWorkload("shop", "cart", "cart", [], new Dictionary<string, string>())
        {
            Resolvers = [Ip.Parse("10.0.0.1")],
            SearchDomains = ["a"],
            ResolverFiles = resolverFiles,
            SearchDomainFiles = domainFiles,
        },
        (servers, domains) => told.Add($"{string.Join(',', servers)} {string.Join(',', domains)}"));
}
