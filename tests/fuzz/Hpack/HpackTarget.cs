using Mesh.Http;
using Mesh.Http.Hpack;

namespace Mesh.Tests.Fuzz.Hpack;

/// <summary>Header blocks of one connection, each with a length byte before it: the lists keep their limits and survive coding.</summary>
internal sealed class HpackTarget : IFuzzTarget
{
    private const int MaxListBytes = 8 * 1024;

    public string Name => "hpack";

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var encoder = new HpackEncoder();
            byte[] first = Block(encoder, (":method", "GET"), (":path", "/a"), ("cookie", "a=b"), ("x-own", "value"));
            byte[] second = Block(encoder, (":method", "GET"), (":path", "/a"), ("x-own", "value"), ("authorization", "secret"));
            return
            [
                [.. first, .. second],
                // RFC 7541 C.4.1 and C.6.1: with Huffman codes
                [17, .. Convert.FromHexString("828684418cf1e3c2e5f23a6ba0ab90f4ff")],
                [4, 0x20, 0x3f, 0xe1, 0x1f, 1, 0x88],
            ];
        }
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        var (decoder, encoder, mirror) = (new HpackDecoder(4096), new HpackEncoder(), new HpackDecoder(4096));
        try
        {
            while (!input.IsEmpty)
            {
                int length = Math.Min(input[0], input.Length - 1);
                CheckBlock(input.Slice(1, length), decoder, encoder, mirror);
                input = input[(1 + length)..];
            }
        }
        catch (HpackException)
        {
            // The connection would end here.
        }
    }

    private static void CheckBlock(ReadOnlySpan<byte> block, HpackDecoder decoder, HpackEncoder encoder, HpackDecoder mirror)
    {
        var fields = new HeaderList();
        bool fits = decoder.Decode(block, fields, MaxListBytes);
        Assert.True(fields.ByteCount <= MaxListBytes && decoder.TableSize <= 4096, $"list of {fields.ByteCount}, table of {decoder.TableSize} bytes");
        if (!fits) return;
        var again = new HeaderList();
        Assert.True(mirror.Decode(encoder.Encode(fields).Span, again, MaxListBytes));
        Assert.Equal(fields.ToString(), again.ToString(), ignoreCase: true); // names are sent in lower case
    }

    private static byte[] Block(HpackEncoder encoder, params (string Name, string Value)[] fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in fields) list.Add(name, value);
        var block = encoder.Encode(list);
        return [(byte)block.Length, .. block.Span];
    }
}
