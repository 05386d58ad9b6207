using Mesh.Http;
using Mesh.Http.Hpack;
using Mesh.Kit.Measuring;

namespace Mesh.Tests.Unit.Hpack;

public class HpackEncoderTests
{
    [Fact]
    public void Random_heads_survive_and_both_tables_agree()
    {
        var random = new Random(2);
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder(4096);
        for (int message = 0; message < 3000; message++)
        {
            if (random.Next(50) == 0) encoder.LimitTable((uint)random.Next(0, 8192));
            var sent = RandomHead(random);
            var received = new HeaderList();
            Assert.True(decoder.Decode(encoder.Encode(sent).Span, received, 1 << 20));
            Assert.Equal(sent.ToString(), received.ToString());
            Assert.Equal(encoder.TableSize, decoder.TableSize);
        }
    }

    [Fact]
    public void Repeated_head_shrinks_to_indexes()
    {
        var encoder = new HpackEncoder();
        var head = Head((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "catalog.shop.mesh"), ("user-agent", "curl/8.1"));
        encoder.Encode(head);
        Assert.Equal(5, encoder.Encode(head).Length);
    }

    [Theory]
    [InlineData("authorization", "Bearer secret")]
    [InlineData("cookie", "id=1")]
    [InlineData("set-cookie", "id=1")]
    [InlineData("x-api-key", "secret")]
    public void Secret_and_unknown_fields_are_never_indexed(string name, string value)
    {
        var encoder = new HpackEncoder();
        byte[] block = encoder.Encode(Head((name, value))).ToArray();
        Assert.Equal(0x10, block[0] & 0xF0);
        Assert.Equal(0, encoder.TableSize);
    }

    [Fact]
    public void Names_become_lower_case()
    {
        var received = new HeaderList();
        new HpackDecoder(4096).Decode(new HpackEncoder().Encode(Head(("X-Trace", "A"), ("Content-Type", "text/HTML"))).Span, received, 65536);
        Assert.Equal("x-trace: A\ncontent-type: text/HTML\n", received.ToString());
    }

    [Fact]
    public void Shrunk_and_regrown_table_announces_the_smallest_size_first()
    {
        var encoder = new HpackEncoder();
        encoder.LimitTable(0);
        encoder.LimitTable(100);
        Assert.Equal("203f45", Convert.ToHexStringLower(encoder.Encode(new HeaderList()).Span));
        Assert.Equal(0, encoder.Encode(new HeaderList()).Length);
    }

    [Fact]
    public void Repeated_encoding_and_decoding_allocates_nothing()
    {
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder(4096);
        var head = Head((":method", "GET"), (":scheme", "https"), (":path", "/catalog/items/17?page=2"), (":authority", "catalog.shop.mesh"),
            ("accept", "*/*"), ("x-request-id", "0123456789abcdef"), ("content-type", "application/json"));
        var received = new HeaderList();
        for (int i = 0; i < 50; i++) Once();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 100; i++) Once();
        }));

        void Once()
        {
            received.Clear();
            decoder.Decode(encoder.Encode(head).Span, received, 65536);
        }
    }

    internal static HeaderList Head(params (string Name, string Value)[] fields)
    {
        var head = new HeaderList();
        foreach (var (name, value) in fields) head.Add(name, value);
        return head;
    }

    private static HeaderList RandomHead(Random random)
    {
        string[] names = [":authority", "accept", "user-agent", "server", "x-a", "cookie", "content-type", "vary", "grpc-status", "te", "location"];
        var head = new HeaderList();
        for (int i = random.Next(0, 12); i > 0; i--)
        {
            byte[] value = new byte[random.Next(10) == 0 ? random.Next(0, 3000) : random.Next(0, 30)];
            for (int j = 0; j < value.Length; j++) value[j] = (byte)random.Next(256);
            if (random.Next(2) == 0) value = System.Text.Encoding.ASCII.GetBytes("value-" + random.Next(20));
            head.Add(System.Text.Encoding.ASCII.GetBytes(names[random.Next(names.Length)]), value);
        }
        return head;
    }
}
