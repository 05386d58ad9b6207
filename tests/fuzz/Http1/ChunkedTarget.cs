using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;

namespace Mesh.Tests.Fuzz.Http1;

/// <summary>Chunked bodies: the same data, trailers and end wherever they are split.</summary>
internal sealed class ChunkedTarget : IFuzzTarget
{
    public string Name => "http1-chunked";

    public IEnumerable<byte[]> Seeds =>
    [
        "3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\n\r\nGET"u8.ToArray(),
        "A \t;x=\"y\"\r\n0123456789\r\n0\r\nTrail: er\r\nOther: \r\n\r\n"u8.ToArray(),
        "fffffffffffff\r\nabc"u8.ToArray(),
        "0000\r\n\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        string whole = Decode([input.ToArray()]);
        Assert.Equal(whole, Decode(Pieces.Of(input)));
    }

    private static string Decode(List<byte[]> pieces)
    {
        var decoder = new ChunkedDecoder();
        var trailers = new HeaderList();
        var data = new StringBuilder();
        byte[] rest = [];
        try
        {
            foreach (byte[] piece in pieces)
            {
                rest = Feed(ref decoder, [.. rest, .. piece], trailers, data);
                if (decoder.Ended) break;
            }
        }
        catch (HttpMessageException error)
        {
            return $"{data}\nrefused {error.Status}";
        }
        return decoder.Ended ? $"{data}\n{trailers}" : $"{data}\nunfinished";
    }

    /// <returns>What the decoder left.</returns>
    private static byte[] Feed(ref ChunkedDecoder decoder, byte[] bytes, HeaderList trailers, StringBuilder data)
    {
        var buffer = Pieces.Sequence(Pieces.Of(bytes));
        while (decoder.TryAdvance(ref buffer, HttpLimits.Default, trailers) && !decoder.Ended && !buffer.IsEmpty)
        {
            var chunk = buffer.Slice(0, Math.Min(buffer.Length, decoder.Remaining));
            data.Append(Encoding.Latin1.GetString(chunk));
            buffer = buffer.Slice(chunk.End);
            decoder.Consume(chunk.Length);
        }
        return buffer.ToArray();
    }
}
