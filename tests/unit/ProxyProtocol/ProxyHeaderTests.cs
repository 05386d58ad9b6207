using System.Buffers;
using System.Text;
using Mesh.Http.ProxyProtocol;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Tests.Unit.Detection;

namespace Mesh.Tests.Unit.ProxyProtocol;

public sealed class ProxyHeaderTests
{
    private static readonly byte[] signature = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];
    private static readonly byte[] v4 = [192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80];

    public static TheoryData<byte[], string, string> Headers => new()
    {
        { Line("PROXY TCP4 192.0.2.1 192.0.2.2 12345 80"), "192.0.2.1:12345", "192.0.2.2:80" },
        { Line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 0"), "255.255.255.255:65535", "255.255.255.255:0" },
        { Line("PROXY TCP6 2001:db8::1 2001:db8::2 1 2"), "[2001:db8::1]:1", "[2001:db8::2]:2" },
        { Line("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535"),
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { Line("PROXY UNKNOWN"), "", "" },
        { Line("PROXY UNKNOWN ffff::1 whatever this is 65535"), "", "" },
        { V2(0x21, 0x11, v4), "192.0.2.1:12345", "192.0.2.2:80" },
        { V2(0x21, 0x11, [.. v4, .. Field(0x04, []), .. Field(0xD0, Encoding.ASCII.GetBytes("spiffe://x"))]), "192.0.2.1:12345", "192.0.2.2:80" },
        { V2(0x21, 0x21, [.. new byte[15], 1, .. new byte[15], 2, 0, 1, 0, 2]), "[::1]:1", "[::2]:2" },
        { V2(0x21, 0x00, []), "", "" },
        { V2(0x21, 0x31, new byte[216]), "", "" },
        { V2(0x20, 0x00, []), "", "" },
        { V2(0x20, 0xFF, [1, 2, 3]), "", "" },
        { V2(0x20, 0x11, v4), "", "" },
        { Summed(V2(0x21, 0x11, [.. v4, .. Field(0x03, new byte[4]), .. Field(0x04, new byte[9])])), "192.0.2.1:12345", "192.0.2.2:80" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Header_is_read_however_it_is_split_and_what_follows_is_left(byte[] bytes, string source, string destination)
    {
        byte[] with = [.. bytes, .. "GET /"u8];
        for (int at = 0; at <= with.Length; at++)
        {
            Assert.Equal(at >= bytes.Length, ProxyHeaderReader.TryRead(new ReadOnlySequence<byte>(with, 0, at), out _, out _));
            Assert.True(ProxyHeaderReader.TryRead(Segments.Of(with, at), out var header, out int length));
            Assert.Equal((bytes.Length, source, destination), (length, header.Source?.ToString() ?? "", header.Destination?.ToString() ?? ""));
        }
    }

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "HTTP", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n") },
        { "a longer word", Encoding.ASCII.GetBytes("PROXYX TCP4 192.0.2.1 192.0.2.2 1 2\r\n") },
        { "lower case", Line("proxy TCP4 192.0.2.1 192.0.2.2 1 2") },
        { "UDP", Line("PROXY UDP4 192.0.2.1 192.0.2.2 1 2") },
        { "two spaces", Line("PROXY TCP4  192.0.2.1 192.0.2.2 1 2") },
        { "a space at the end", Line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ") },
        { "a tab", Line("PROXY TCP4\t192.0.2.1 192.0.2.2 1 2") },
        { "three numbers", Line("PROXY TCP4 192.0.2 192.0.2.2 1 2") },
        { "octal", Line("PROXY TCP4 192.0.02.1 192.0.2.2 1 2") },
        { "hexadecimal", Line("PROXY TCP4 0xC0.0.2.1 192.0.2.2 1 2") },
        { "IPv6 as TCP4", Line("PROXY TCP4 ::1 ::2 1 2") },
        { "IPv4 as TCP6", Line("PROXY TCP6 192.0.2.1 192.0.2.2 1 2") },
        { "a scope", Line("PROXY TCP6 fe80::1%eth0 ::2 1 2") },
        { "brackets", Line("PROXY TCP6 [::1] ::2 1 2") },
        { "no port", Line("PROXY TCP4 192.0.2.1 192.0.2.2 1") },
        { "a large port", Line("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2") },
        { "a leading zero", Line("PROXY TCP4 192.0.2.1 192.0.2.2 01 2") },
        { "a sign", Line("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2") },
        { "only LF", Encoding.ASCII.GetBytes("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n" + new string('x', 100)) },
        { "a long line", Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 94)) },
        { "version 1 in binary", V2(0x11, 0x11, v4) },
        { "version 3", V2(0x31, 0x11, v4) },
        { "an unknown command", V2(0x22, 0x11, v4) },
        { "a datagram", V2(0x21, 0x12, v4) },
        { "an unknown family", V2(0x21, 0x41, v4) },
        { "too short for addresses", V2(0x21, 0x11, v4[..11]) },
        { "too short for IPv6", V2(0x21, 0x21, v4) },
        { "a cut field", V2(0x21, 0x11, [.. v4, 4, 0]) },
        { "a field beyond the end", V2(0x21, 0x11, [.. v4, 4, 0, 2, 1]) },
        { "a wrong checksum", V2(0x21, 0x11, [.. v4, .. Field(0x03, [1, 2, 3, 4])]) },
        { "a short checksum", V2(0x21, 0x11, [.. v4, .. Field(0x03, [1, 2])]) },
        { "two checksums", Summed(V2(0x21, 0x11, [.. v4, .. Field(0x03, new byte[4]), .. Field(0x03, new byte[4])])) },
        { "4097 bytes", V2(0x20, 0, new byte[4097 - 16]) },
        { "a broken signature", [.. signature[..11], 0x0B, 0x21] },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Anything_else_is_refused_however_it_is_split(string what, byte[] bytes)
    {
        foreach (int step in (int[])[bytes.Length, 1, 5]) Assert.True(IsRefused(bytes, step), $"{what} was accepted");
    }

    [Fact]
    public void Checksum_covers_every_byte_of_the_header()
    {
        byte[] header = Summed(V2(0x21, 0x11, [.. v4, .. Field(0x03, new byte[4])]));
        Assert.False(IsRefused(header, header.Length));
        // But for the byte that says that there is one.
        for (int at = 16; at < header.Length; at++)
        {
            byte[] other = [.. header];
            other[at] ^= 1;
            Assert.True(IsRefused(other, other.Length) || at == 28, $"byte {at} may be changed");
        }
    }

    [Theory]
    [InlineData("10.0.0.1:1234", "10.0.0.2:80", "spiffe://cluster.local/ns/shop/sa/web", 0x11)]
    [InlineData("[fd00::1]:1234", "[fd00::2]:80", null, 0x21)]
    [InlineData("10.0.0.1:1234", "[fd00::2]:80", null, 0x21)]
    public void Header_that_is_sent_reads_back_with_its_identity(string client, string server, string? identity, byte family) => new TestLoop().Run(async () =>
    {
        byte[] sent = await SentAsync(IpPort.Parse(client), IpPort.Parse(server), identity is null ? null : SpiffeId.TryParse(identity, out var id) ? id : null);
        Assert.True(ProxyHeaderReader.TryRead(new ReadOnlySequence<byte>(sent), out var header, out int length));
        Assert.Equal((sent.Length, family, IpPort.Parse(client), IpPort.Parse(server)), (length, sent[13], header.Source!.Value, header.Destination!.Value));
        if (identity is not null) Assert.EndsWith("\u00d0\0%" + identity, Encoding.Latin1.GetString(sent));
    });

    private static async Task<byte[]> SentAsync(IpPort client, IpPort server, SpiffeId? identity)
    {
        using var stream = new MemoryStream();
        await ProxyHeaderWriter.SendAsync(System.IO.Pipelines.PipeWriter.Create(stream), client, server, identity);
        return stream.ToArray();
    }

    private static bool IsRefused(byte[] bytes, int step)
    {
        try
        {
            for (int shown = step; ; shown = Math.Min(bytes.Length, shown + step))
            {
                if (ProxyHeaderReader.TryRead(new ReadOnlySequence<byte>(bytes, 0, Math.Min(shown, bytes.Length)), out _, out _) || shown >= bytes.Length) return false;
            }
        }
        catch (ProxyHeaderException)
        {
            return true;
        }
    }

    private static byte[] Line(string text) => Encoding.ASCII.GetBytes(text + "\r\n");

    private static byte[] V2(byte command, byte family, byte[] rest) => [.. signature, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];

    private static byte[] Field(byte type, byte[] value) => [type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    /// <summary>With the right checksum in its first field of that type.</summary>
    private static byte[] Summed(byte[] header)
    {
        int place = 16 + v4.Length + 3;
        uint crc = CrcByTheBook(header, place);
        byte[] result = [.. header];
        for (int i = 0; i < 4; i++) result[place + i] = (byte)(crc >> (24 - 8 * i));
        return result;
    }

    /// <summary>Bit by bit, as RFC 4960 has it.</summary>
    private static uint CrcByTheBook(byte[] header, int place)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < header.Length; i++)
        {
            crc ^= i >= place && i < place + 4 ? (byte)0 : header[i];
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }
}
