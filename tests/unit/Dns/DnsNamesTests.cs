using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

public sealed class DnsNamesTests
{
    [Theory]
    [InlineData("c00c")] // to itself
    [InlineData("c00e")] // forward
    [InlineData("c000")] // into the header
    [InlineData("01c0")] // a length that runs over a pointer
    [InlineData("40")] // reserved label type
    [InlineData("ff")]
    public void Name_that_loops_or_leaves_the_message_is_refused(string hex)
    {
        var message = new byte[DnsWire.HeaderLength].Concat(Convert.FromHexString(hex)).ToArray();
        int offset = DnsWire.HeaderLength;
        Assert.False(DnsNames.TryRead(message, ref offset, out _));
        Assert.False(DnsNames.TrySkip(message, ref offset));
    }

    [Fact]
    public void Chain_of_backward_pointers_ends_and_leaves_the_offset_behind_the_first()
    {
        // 12: "a" 0; 15: "b" -> 12; 19: "c" -> 15
        byte[] message = [.. new byte[12], 1, (byte)'a', 0, 1, (byte)'b', 0xc0, 12, 1, (byte)'c', 0xc0, 15];
        int offset = 19;
        Assert.True(DnsNames.TryRead(message, ref offset, out string name));
        Assert.Equal(("c.b.a", 23), (name, offset));
    }

    [Theory]
    [InlineData(127, true)] // 127 labels of one letter: 255 bytes with the root
    [InlineData(128, false)]
    public void Name_longer_than_255_bytes_is_refused(int labels, bool isAccepted)
    {
        byte[] message = [.. new byte[12], .. Enumerable.Repeat(new byte[] { 1, (byte)'a' }, labels).SelectMany(static label => label), 0];
        int offset = DnsWire.HeaderLength;
        Assert.Equal(isAccepted, DnsNames.TryRead(message, ref offset, out _));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a..b", 0)]
    [InlineData("catalog.shop.mesh", 19)]
    public void Name_is_written_as_it_is_read(string name, int length)
    {
        byte[] message = new byte[DnsWire.HeaderLength + 64];
        Assert.Equal(length, DnsNames.Write(name, message.AsSpan(DnsWire.HeaderLength)));
        int offset = DnsWire.HeaderLength;
        if (length > 0) Assert.True(DnsNames.TryRead(message, ref offset, out string read) && read == name);
    }

    [Fact]
    public void Name_that_does_not_fit_or_is_too_long_is_not_written()
    {
        Assert.Equal(0, DnsNames.Write("catalog.shop.mesh", new byte[18]));
        Assert.Equal(0, DnsNames.Write(new string('a', 64) + ".mesh", new byte[255]));
        string longest = string.Join('.', Enumerable.Repeat("a", 127));
        Assert.Equal(255, DnsNames.Write(longest, new byte[255]));
        Assert.Equal(0, DnsNames.Write(longest + "b", new byte[300]));
    }

    [Fact]
    public void Every_byte_of_a_label_that_is_no_letter_is_written_out()
    {
        byte[] message = [.. new byte[12], 4, 0, (byte)'.', 255, (byte)'A', 0];
        int offset = DnsWire.HeaderLength;
        Assert.True(DnsNames.TryRead(message, ref offset, out string name));
        Assert.Equal("\\000\\046\\255a", name);
    }
}
