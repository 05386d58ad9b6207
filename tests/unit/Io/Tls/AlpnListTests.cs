using Mesh.Io.Tls;

namespace Mesh.Tests.Unit.Io.Tls;

public sealed class AlpnListTests
{
    [Theory]
    [InlineData("h2", "h2,http/1.1", "h2")]
    [InlineData("a,b", "b,a", "a")]
    [InlineData("b", "aa,b", "b")]
    [InlineData("h2", "h2c,h", null)]
    [InlineData("h2", "", null)]
    public void First_acceptable_offer_is_selected(string acceptable, string offered, string? expected)
    {
        byte[] offers = AlpnList.Encode(offered.Split(',', StringSplitOptions.RemoveEmptyEntries));
        int index = AlpnList.Select(AlpnList.Encode(acceptable.Split(',')), offers, out byte length);
        Assert.Equal(expected, index < 0 ? null : System.Text.Encoding.ASCII.GetString(offers, index, length));
    }

    [Fact]
    public void Malformed_offers_select_nothing()
    {
        byte[] acceptable = AlpnList.Encode(["h2"]);
        Assert.Equal(-1, AlpnList.Select(acceptable, [9, (byte)'h', (byte)'2'], out _));
        Assert.Equal(-1, AlpnList.Select(acceptable, [2, (byte)'h'], out _));
        Assert.Equal(-1, AlpnList.Select(acceptable, [0, 0, 0], out _));
    }

    [Fact]
    public void Names_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => AlpnList.Encode([""]));
        Assert.Throws<ArgumentException>(() => AlpnList.Encode([new string('x', 256)]));
    }
}
