using Mesh.Load;

namespace Mesh.Tests.Unit.Load;

public sealed class LoadOptionsTests
{
    [Fact]
    public void A_rate_is_read_with_its_defaults()
    {
        var options = LoadOptions.Parse("rate --url http://127.0.0.1:90/1k --expect file --rate 500 --seconds 1.5 --new-connections".Split(' '));
        Assert.Equal((500, 1.5, 64, true), (options.Rate, options.Duration.TotalSeconds, options.Connections, options.NewConnections));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("rate --expect file --seconds 1")]
    [InlineData("rate --rate 5 --seconds 1")]
    [InlineData("rate --expect file --rate -5 --seconds 1")]
    [InlineData("rate --expect file --rate 5 --seconds")]
    [InlineData("idle --expect file --url https://host/")]
    [InlineData("idle --expect file --depth 4")]
    public void What_is_unknown_missing_or_out_of_range_is_refused(string arguments) =>
        Assert.Throws<FormatException>(() => LoadOptions.Parse(arguments.Split(' ')));
}
