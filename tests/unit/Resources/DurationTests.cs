using Mesh.Resources.Schema;

namespace Mesh.Tests.Unit.Resources;

/// <summary>Vectors of GEP-2257.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("10s", 10_000)]
    [InlineData("1500ms", 1500)]
    [InlineData("5m59s", 359_000)]
    [InlineData("1h30m10s500ms", 5_410_500)]
    [InlineData("99999h", 359_996_400_000)]
    public void Valid_duration_has_its_milliseconds(string text, ulong milliseconds)
    {
        Assert.True(GatewayDuration.TryParse(text, out _));
        Assert.Equal(milliseconds, GatewayDuration.Milliseconds(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.5h")]
    [InlineData("-15m")]
    [InlineData("100000s")]
    [InlineData("1s 1ms")]
    [InlineData("1d")]
    [InlineData("1h1m1s1ms1s")]
    [InlineData("s")]
    public void Anything_else_is_refused(string text) => Assert.False(GatewayDuration.TryParse(text, out _));
}
