using Mesh.Http.Hpack;

namespace Mesh.Tests.Unit.Hpack;

public class HuffmanTests
{
    [Theory]
    [InlineData("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff")]
    [InlineData("no-cache", "a8eb10649cbf")]
    [InlineData("custom-value", "25a849e95bb8e8b4bf")]
    [InlineData("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff")]
    public void Known_texts_encode_as_in_the_specification(string text, string hex)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        byte[] coded = new byte[Huffman.EncodedLength(bytes)];
        Huffman.Encode(bytes, coded);
        Assert.Equal(hex, Convert.ToHexStringLower(coded));
    }

    [Fact]
    public void Every_byte_survives_alone_and_in_random_texts()
    {
        var random = new Random(7541);
        for (int i = 0; i < 256; i++) AssertSurvives([(byte)i]);
        for (int i = 0; i < 2000; i++)
        {
            byte[] text = new byte[random.Next(0, 200)];
            random.NextBytes(text);
            AssertSurvives(text);
        }
    }

    [Theory]
    [InlineData("ff")] // a whole byte of padding
    [InlineData("1fff")] // 'a' and eleven bits of padding
    [InlineData("1e")] // 'a' and padding that is not all ones
    [InlineData("fffffffc")] // EOS
    [InlineData("ffffffff")]
    [InlineData("fffffffffc")]
    public void Wrong_padding_and_end_of_string_are_errors(string hex) =>
        Assert.Throws<HpackException>(() => Huffman.Decode(HpackVectorTests.FromHex(hex), new byte[64]));

    private static void AssertSurvives(byte[] text)
    {
        byte[] coded = new byte[Huffman.EncodedLength(text)];
        Huffman.Encode(text, coded);
        byte[] decoded = new byte[Huffman.MaxDecodedLength(coded.Length)];
        int length = Huffman.Decode(coded, decoded);
        Assert.Equal(text, decoded[..length]);
    }
}
