using Mesh.Controller.Distribution;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Controller.Distribution;

public sealed class PushSchedulerTests : IDisposable
{
    private static readonly TimeSpan tick = TimeSpan.FromTicks(1);
    private readonly VirtualTime time = new();
    private readonly TestGraph graph = new();
    private readonly PushScheduler scheduler;
    private readonly List<TimeSpan> pushes = [];
    private int services;

    public PushSchedulerTests()
    {
        scheduler = new PushScheduler(graph, time);
        time.Advance(TimeSpan.FromSeconds(1));
        scheduler.Pushed += _ => pushes.Add(time.Elapsed - TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Change_is_pushed_after_the_quiet_time_and_not_before()
    {
        Change();
        time.Advance(PushScheduler.DefaultQuiet - tick);
        Assert.Empty(pushes);
        time.Advance(tick);
        Assert.Single(pushes);
    }

    [Fact]
    public void Burst_is_one_push()
    {
        for (int i = 0; i < 5; i++)
        {
            Change();
            time.Advance(TimeSpan.FromMilliseconds(5));
        }
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Single(pushes);
        Assert.Equal(5, scheduler.Current.Graph.OfType("type.mesh.internal/mesh.config.v1.Service").Count);
    }

    [Fact]
    public void Steady_changes_do_not_delay_a_push_beyond_the_longest_time()
    {
        for (int i = 0; i < 40; i++)
        {
            Change();
            time.Advance(TimeSpan.FromMilliseconds(5));
        }

        Assert.Equal(PushScheduler.DefaultLongest, pushes[0]);
        Assert.InRange(pushes.Count, 2, 3);
    }

    [Fact]
    public void Change_that_changes_nothing_is_not_pushed()
    {
        graph.Set();
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(pushes);
    }

    public void Dispose() => scheduler.Dispose();

    private void Change() => graph.Set(new Service { Namespace = "shop", Name = $"service-{services++}" });
}
