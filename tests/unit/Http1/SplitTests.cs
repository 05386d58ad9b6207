using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;

namespace Mesh.Tests.Unit.Http1;

/// <summary>Heads and chunked bodies in two pieces at every byte, and byte by byte.</summary>
public sealed class SplitTests
{
    [Fact]
    public void Response_head_is_read_whole_wherever_it_is_split()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("HTTP/1.1 404 Not  Found\r\nSet-Cookie: a=1\r\nX-One:\ttwo words \r\nset-cookie: b=2\r\n\r\nBODY");
        for (int split = 0; split <= bytes.Length; split++) Check(RequestHeadTests.Split(bytes, split), bytes.Length - 4);
        Check(Detection.Segments.OfSingleBytes(bytes), bytes.Length - 4);
        for (int length = 0; length < bytes.Length - 4; length++)
            Assert.False(Http1Parser.TryParseResponse(new ReadOnlySequence<byte>(bytes, 0, length), HttpLimits.Default, new ResponseHead(), out _));

        static void Check(in ReadOnlySequence<byte> buffer, int expected)
        {
            var head = new ResponseHead();
            Assert.True(Http1Parser.TryParseResponse(buffer, HttpLimits.Default, head, out int length));
            Assert.Equal((expected, 404, "Not  Found", "Set-Cookie: a=1\nX-One: two words\nset-cookie: b=2\n"), (length, head.Status, head.Reason.ToString(), head.Headers.ToString()));
        }
    }

    [Fact]
    public void Status_line_that_is_too_long_is_refused_whole_and_in_part()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("HTTP/1.1 200 " + new string('x', HttpLimits.Default.MaxRequestLineBytes) + "\r\n\r\n");
        foreach (int length in (int[])[bytes.Length, bytes.Length - 4])
        {
            Assert.Equal(502, Assert.Throws<HttpMessageException>(
                () => Http1Parser.TryParseResponse(new ReadOnlySequence<byte>(bytes, 0, length), HttpLimits.Default, new ResponseHead(), out _)).Status);
        }
    }

    [Fact]
    public void Chunked_body_is_the_same_wherever_it_is_split()
    {
        const string text = "3\r\nabc\r\n005;name=\"v;\" ; x\r\ndefgh\r\n1f\r\n0123456789012345678901234567890\r\n0;last\r\nTrail: er\r\nSum: 1\r\n\r\nNEXT";
        const string expected = "abcdefgh0123456789012345678901234567890|Trail: er\nSum: 1\n|NEXT";
        for (int split = 0; split <= text.Length; split++) Assert.Equal(expected, Decode([text[..split], text[split..]]));
        Assert.Equal(expected, Decode([.. text.Select(static one => one.ToString())]));
    }

    /// <summary>Feeds the pieces one after another, keeping what was not consumed, as a connection does.</summary>
    private static string Decode(string[] pieces)
    {
        var decoder = new ChunkedDecoder();
        var trailers = new HeaderList();
        var body = new StringBuilder();
        string unread = "";
        foreach (string piece in pieces)
        {
            unread += piece;
            var buffer = Detection.Segments.OfSingleBytes(Encoding.ASCII.GetBytes(unread));
            while (!decoder.Ended && !buffer.IsEmpty && decoder.TryAdvance(ref buffer, HttpLimits.Default, trailers) && !decoder.Ended)
            {
                var data = buffer.Slice(0, Math.Min(decoder.Remaining, buffer.Length));
                body.Append(Encoding.ASCII.GetString(data));
                decoder.Consume(data.Length);
                buffer = buffer.Slice(data.End);
            }
            unread = Encoding.ASCII.GetString(buffer);
        }
        Assert.True(decoder.Ended);
        return $"{body}|{trailers}|{unread}";
    }
}
