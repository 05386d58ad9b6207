using Mesh.Proxy.Configuration;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Proxy;

public sealed class AccessLogModelTests
{
    private static readonly AccessLogFilter SlowOrBad = new(400, TimeSpan.FromMilliseconds(250));

    [Theory]
    [InlineData(0, 0u, false)]
    [InlineData(1_000_000, uint.MaxValue, true)]
    [InlineData(500_000, 0x7FFFFFFFu, true)]
    [InlineData(500_000, 0x80000000u, false)]
    [InlineData(1, 4294u, false)]
    [InlineData(1, 4293u, true)]
    public void Sampling_takes_its_share_of_the_bits(int partsPerMillion, uint bits, bool taken) =>
        Assert.Equal(taken, new Sampling((uint)partsPerMillion).Takes(bits));

    [Theory]
    [InlineData(200, ResponseFlag.None, false)]
    [InlineData(499, ResponseFlag.None, false)]
    [InlineData(500, ResponseFlag.None, true)]
    [InlineData(404, ResponseFlag.NR, true)]
    [InlineData(0, ResponseFlag.DC, true)]
    public void Failures_are_logged_whatever_sampling_and_filter_say(int status, ResponseFlag flags, bool logged)
    {
        var log = new AccessLogModel { Sampling = new Sampling(0), Filter = SlowOrBad };
        Assert.Equal(logged, log.Wants(status, flags, TimeSpan.Zero, 0));
        Assert.False(new AccessLogModel { Sampling = new Sampling(0), LogErrors = false }.Wants(status, flags, TimeSpan.Zero, 0));
    }

    [Theory]
    [InlineData(399, 249, false)]
    [InlineData(400, 0, true)]
    [InlineData(200, 250, true)]
    public void Filter_holds_when_any_of_its_conditions_does(int status, int milliseconds, bool logged) =>
        Assert.Equal(logged, new AccessLogModel { Filter = SlowOrBad }.Wants(status, ResponseFlag.None, TimeSpan.FromMilliseconds(milliseconds), 0));

    [Fact]
    public void Condition_that_is_not_given_holds_for_nothing()
    {
        Assert.False(new AccessLogFilter(0, TimeSpan.FromSeconds(1)).Holds(599, TimeSpan.Zero));
        Assert.False(new AccessLogFilter(400, TimeSpan.Zero).Holds(200, TimeSpan.FromHours(1)));
    }
}
