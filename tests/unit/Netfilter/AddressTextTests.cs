using System.Net;
using Mesh.Netfilter;

namespace Mesh.Tests.Unit.Netfilter;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("10.99.1.2")]
    [InlineData("0.0.0.0")]
    [InlineData("255.255.255.255")]
    [InlineData("fd00::53")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("2001:db8:1:2:3:4:5:6")]
    [InlineData("::ffff:10.0.0.1")]
    public void Addresses_are_read_and_written_as_the_framework_does(string text)
    {
        var address = AddressText.TryParse(text);
        Assert.Equal(IPAddress.Parse(text), address);
        Assert.Equal(address!.ToString(), AddressText.Format(address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.1")]
    [InlineData("167772161")]
    [InlineData("0x0a.0.0.1")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.1 ")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1\0")]
    [InlineData("10.0.0.1\0x")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("::1/128")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("cart")]
    [InlineData("１０.0.0.1")]
    public void Anything_else_is_refused(string text) => Assert.Null(AddressText.TryParse(text));
}
