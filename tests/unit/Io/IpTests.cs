using System.Text;
using Mesh.Io;

namespace Mesh.Tests.Unit.Io;

public sealed class IpTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.0.20.1")]
    [InlineData("192.168.100.200")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("fd00::1")]
    [InlineData("2001:db8:1234:5678:9abc:def0:1234:5678")]
    public void Address_is_written_as_it_is_printed(string text)
    {
        var address = Ip.Parse(text);
        Span<byte> written = stackalloc byte[Ip.MaxTextLength];
        Assert.Equal(text, Encoding.ASCII.GetString(written[..address.WriteText(written)]));
        Assert.Equal(text, address.ToString());
    }
}
