using Google.Protobuf;
using Mesh.Control.Translation;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Translation;

public sealed class TelemetryTranslationTests
{
    private static readonly Workload Cart = new() { Namespace = "shop", Name = "cart", Labels = { ["app"] = "cart" } };
    private static readonly Gateway Edge = new() { Namespace = "shop", Name = "edge" };

    [Fact]
    public void Without_a_policy_everything_is_logged_and_one_trace_in_a_hundred_begins_sampled()
    {
        var model = Translate().TelemetryOfWorkload("shop/cart");
        Assert.True(model.AccessLog.Wants(200, ResponseFlag.None, TimeSpan.Zero, uint.MaxValue));
        Assert.Equal((true, false), (model.Tracing.Sampling.Takes(uint.MaxValue / 101), model.Tracing.Sampling.Takes(uint.MaxValue / 99)));
    }

    [Fact]
    public void Most_specific_policy_decides_section_by_section()
    {
        var mesh = Policy("mesh", "mesh-system", new Target { Mesh = true }, 10, 100);
        var space = Policy("space", "shop", new Target(), 20);
        var labels = Policy("labels", "shop", new Target { Selector = { ["app"] = "cart" } }, 30);
        var one = Policy("one", "shop", new Target { Workload = "shop/cart" }, 40);
        IMessage[] all = [mesh, space, labels, one];
        for (int count = 1; count <= all.Length; count++)
        {
            var model = Translate([.. all[..count]]).TelemetryOfWorkload("shop/cart");
            Assert.Equal(count * 10, Percent(model.AccessLog.Sampling));
            Assert.Equal(100, Percent(model.Tracing.Sampling));
        }
    }

    [Fact]
    public void Policy_of_another_namespace_or_for_other_labels_is_not_for_this_workload()
    {
        var snapshot = Translate(
            Policy("a", "other", new Target(), 10),
            Policy("b", "other", new Target { Workload = "shop/cart" }, 20),
            Policy("c", "other", new Target { Selector = { ["app"] = "cart" } }, 30),
            Policy("d", "shop", new Target { Selector = { ["app"] = "web" } }, 40));
        Assert.Same(TelemetryModel.Default, snapshot.TelemetryOfWorkload("shop/cart"));
        Assert.Same(TelemetryModel.Default, snapshot.Telemetry);
    }

    [Fact]
    public void Oldest_policy_wins_a_tie_then_the_name()
    {
        var old = Policy("z", "shop", new Target(), 10);
        var young = Policy("a", "shop", new Target(), 20);
        young.CreatedUnixMs = 1;
        Assert.Equal(10, Percent(Translate(young, old).TelemetryOfWorkload("shop/cart").AccessLog.Sampling));
        young.CreatedUnixMs = 0;
        Assert.Equal(20, Percent(Translate(old, young).TelemetryOfWorkload("shop/cart").AccessLog.Sampling));
    }

    [Fact]
    public void Gateway_follows_its_namespace_and_the_mesh()
    {
        var space = Policy("space", "shop", new Target(), 20);
        var mesh = Policy("mesh", "mesh-system", new Target { Mesh = true }, 10);
        Assert.Equal(20, Percent(Translate(mesh, space).TelemetryOfGateway("shop/edge").AccessLog.Sampling));
        Assert.Equal(10, Percent(Translate(mesh).TelemetryOfGateway("shop/edge").AccessLog.Sampling));
        Assert.Equal(10, Percent(Translate(mesh, Policy("l", "shop", new Target { Selector = { ["app"] = "cart" } }, 30)).TelemetryOfGateway("shop/edge").AccessLog.Sampling));
    }

    [Fact]
    public void Every_setting_arrives()
    {
        var policy = Policy("p", "shop", new Target(), 5);
        policy.AccessLog.Format = AccessLogSettings.Types.Format.Json;
        policy.AccessLog.LogErrors = true;
        policy.AccessLog.Filter = new Mesh.Protocol.Config.AccessLogFilter { MinStatus = 400, MinDurationMs = 250 };
        policy.AccessLog.Labels.Add(new AccessLogLabel { Name = "team", Value = "shop" });
        policy.Tracing = new TracingSettings { Disabled = true };
        var model = Translate(policy).TelemetryOfWorkload("shop/cart");
        Assert.Equal((AccessLogFormat.Json, true, "shop"), (model.AccessLog.Format, model.AccessLog.LogErrors, model.AccessLog.Extra!["team"]));
        Assert.Equal(new Mesh.Proxy.Configuration.AccessLogFilter(400, TimeSpan.FromMilliseconds(250)), model.AccessLog.Filter);
        Assert.False(model.Tracing.Enabled);
    }

    [Fact]
    public void Share_beyond_all_is_refused() =>
        Assert.Contains("parts per million", ResourceChecks.Check("x.TelemetryPolicy", "shop/p", Policy("p", "shop", new Target(), 101)), StringComparison.Ordinal);

    private static Snapshot Translate(params IMessage[] policies) =>
        new SnapshotTranslator(1, new Random(1)).Apply([.. new IMessage[] { Cart, Edge }.Concat(policies).Select(ConfigChanges.Of)], "cluster.local");

    private static TelemetryPolicy Policy(string name, string space, Target target, uint logPercent, uint? tracePercent = null) => new()
    {
        Namespace = space,
        Name = name,
        Targets = { target },
        AccessLog = new AccessLogSettings { SamplingPpm = logPercent * 10_000 },
        Tracing = tracePercent is { } percent ? new TracingSettings { SamplingPpm = percent * 10_000 } : null,
    };

    private static int Percent(Sampling sampling) => Enumerable.Range(0, 100).Count(i => sampling.Takes((uint)((ulong)i * (1UL << 32) / 100)));
}
