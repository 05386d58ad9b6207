using System.Globalization;
using Mesh.Http;
using Mesh.Http.Hpack;

namespace Mesh.Tests.Unit.Hpack;

/// <summary>RFC 7541 appendix C.</summary>
public class HpackVectorTests
{
    private const string Request1 = ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n";
    private const string Request2 = Request1 + "cache-control: no-cache\n";
    private const string Request3 =
        ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n";

    private const string Response1 =
        ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";
    private const string Response2 =
        ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";
    private const string Response3 =
        ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\n" +
        "content-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n";

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header\n", 55)] // C.2.1
    [InlineData("040c2f73616d706c652f70617468", ":path: /sample/path\n", 0)] // C.2.2
    [InlineData("100870617373776f726406736563726574", "password: secret\n", 0)] // C.2.3
    [InlineData("82", ":method: GET\n", 0)] // C.2.4
    public void Field_representations_of_C2(string block, string fields, int tableSize)
    {
        var decoder = new HpackDecoder(4096);
        Assert.Equal(fields, Decode(decoder, block));
        Assert.Equal(tableSize, decoder.TableSize);
    }

    [Theory]
    [InlineData("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")] // C.3
    [InlineData("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")] // C.4
    public void Requests_of_C3_and_C4(string first, string second, string third)
    {
        var decoder = new HpackDecoder(4096);
        Assert.Equal(Request1, Decode(decoder, first));
        Assert.Equal(57, decoder.TableSize);
        Assert.Equal(Request2, Decode(decoder, second));
        Assert.Equal(110, decoder.TableSize);
        Assert.Equal(Request3, Decode(decoder, third));
        Assert.Equal(164, decoder.TableSize);
    }

    [Theory]
    [InlineData(
        "3fe101" + "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31")] // C.5
    [InlineData(
        "3fe101" + "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")] // C.6
    public void Responses_of_C5_and_C6_with_a_table_of_256(string first, string second, string third)
    {
        var decoder = new HpackDecoder(4096);
        Assert.Equal(Response1, Decode(decoder, first));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal(Response2, Decode(decoder, second));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal(Response3, Decode(decoder, third));
        Assert.Equal(215, decoder.TableSize);
    }

    [Fact]
    public void Integer_of_C1_is_read_with_its_prefix()
    {
        // C.1.1: 10 in the prefix itself.
        Assert.Equal(":method: GET\n", Decode(new HpackDecoder(10), "2a82"));
        Assert.Throws<HpackException>(() => Decode(new HpackDecoder(9), "2a82"));
        // A size update carries a bare integer with a 5-bit prefix: 1337 (C.1.2) is 3f 9a 0a there.
        Assert.Equal(":method: GET\n", Decode(new HpackDecoder(1337), "3f9a0a82"));
        Assert.Throws<HpackException>(() => Decode(new HpackDecoder(1336), "3f9a0a82"));
    }

    internal static string Decode(HpackDecoder decoder, string hex, int maxListBytes = 64 * 1024)
    {
        var fields = new HeaderList();
        Assert.True(decoder.Decode(FromHex(hex), fields, maxListBytes));
        return fields.ToString();
    }

    internal static byte[] FromHex(string hex) =>
        [.. Enumerable.Range(0, hex.Length / 2).Select(i => byte.Parse(hex.AsSpan(2 * i, 2), NumberStyles.HexNumber))];
}
