using Mesh.Http;
using Mesh.Http.Hpack;
using static Mesh.Tests.Unit.Hpack.HpackVectorTests;

namespace Mesh.Tests.Unit.Hpack;

public class HpackDecoderTests
{
    [Theory]
    [InlineData("80")] // index 0
    [InlineData("be")] // index 62 with an empty dynamic table
    [InlineData("7e00")] // literal whose name is index 62
    [InlineData("ffffffffff0f")] // index too large
    [InlineData("ff8080808080808001")] // integer with too many bytes
    [InlineData("3fe21f")] // size update to 4097, announced 4096
    [InlineData("8220")] // size update after a field
    [InlineData("40")] // nothing after the pattern
    [InlineData("400a6375")] // name cut off
    [InlineData("4001610562")] // value cut off
    [InlineData("400161")] // no value
    [InlineData("ff")] // integer cut off
    [InlineData("0081ff00")] // Huffman name that is all padding
    public void Broken_blocks_are_compression_errors(string hex) =>
        Assert.Throws<HpackException>(() => new HpackDecoder(4096).Decode(FromHex(hex), new HeaderList(), 65536));

    [Fact]
    public void Every_cut_of_a_block_decodes_to_fewer_fields_or_fails_but_does_nothing_else()
    {
        byte[] block = FromHex("828684418cf1e3c2e5f23a6ba0ab90f4ff400a637573746f6d2d6b65790d637573746f6d2d686561646572");
        for (int length = 0; length < block.Length; length++)
        {
            var fields = new HeaderList();
            try
            {
                Assert.True(new HpackDecoder(4096).Decode(block.AsSpan(0, length), fields, 65536));
                Assert.InRange(fields.Count, 0, 4);
            }
            catch (HpackException)
            {
                Assert.InRange(fields.Count, 0, 4);
            }
        }
    }

    [Fact]
    public void Head_over_the_limit_is_reported_and_the_table_stays_right()
    {
        var decoder = new HpackDecoder(4096);
        var fields = new HeaderList();
        Assert.False(decoder.Decode(FromHex("400a637573746f6d2d6b65790d637573746f6d2d68656164657282"), fields, maxListBytes: 54));
        Assert.Equal(0, fields.Count);
        Assert.Equal("custom-key: custom-header\n", Decode(decoder, "be"));
    }

    [Fact]
    public void Field_exactly_at_the_limit_is_accepted() =>
        Assert.Equal("custom-key: custom-header\n", Decode(new HpackDecoder(4096), "400a637573746f6d2d6b65790d637573746f6d2d686561646572", maxListBytes: 55));

    [Fact]
    public void Entry_larger_than_the_table_empties_it()
    {
        var decoder = new HpackDecoder(4096);
        Decode(decoder, "400a637573746f6d2d6b65790d637573746f6d2d686561646572");
        Assert.Equal(":method: GET\n", Decode(decoder, "2f82")); // size update to 15
        Assert.Equal(0, decoder.TableSize);
        Decode(decoder, "400a637573746f6d2d6b65790d637573746f6d2d686561646572");
        Assert.Equal(0, decoder.TableSize);
    }

    [Fact]
    public void Name_of_an_entry_that_its_own_insertion_evicts_stays_right()
    {
        var decoder = new HpackDecoder(4096);
        Decode(decoder, "3f21" + "400a637573746f6d2d6b65790d637573746f6d2d686561646572"); // table of 64 bytes, one entry of 55
        Assert.Equal("custom-key: b\n", Decode(decoder, "7e0162")); // name from that entry, which must go
        Assert.Equal("custom-key: b\n", Decode(decoder, "be"));
    }
}
