using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;

namespace Mesh.Tests.Unit.Http1;

public sealed class RequestHeadTests
{
    [Fact]
    public void Head_is_read_whole_wherever_the_input_is_split()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("GET /a/b?x=1 HTTP/1.1\r\nHost: shop.example:8080\r\nX-One:  two words \r\nX-Empty:\r\n\r\nBODY");
        for (int split = 0; split <= bytes.Length; split++)
        {
            var head = new RequestHead();
            Assert.True(Http1Parser.TryParseRequest(Split(bytes, split), HttpLimits.Default, head, out int length));
            Assert.Equal(bytes.Length - 4, length);
            Assert.Equal("GET", head.Method.ToString());
            Assert.Equal("/a/b?x=1", head.Target.ToString());
            Assert.Equal("shop.example:8080", head.Authority.ToString());
            Assert.Equal("X-One: two words\nX-Empty: \n", head.Headers.ToString());
        }
    }

    [Fact]
    public void Every_prefix_of_a_head_asks_for_more()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        for (int length = 0; length < bytes.Length; length++)
            Assert.False(Http1Parser.TryParseRequest(new ReadOnlySequence<byte>(bytes, 0, length), HttpLimits.Default, new RequestHead(), out _));
    }

    [Theory]
    [InlineData("GET http://other.example/x HTTP/1.1\r\nHost: OTHER.example:80\r\n\r\n", "other.example", "/x")]
    [InlineData("GET http://other.example HTTP/1.1\r\nHost: other.example\r\n\r\n", "other.example", "/")]
    [InlineData("GET http://other.example?q HTTP/1.1\r\nHost: other.example\r\n\r\n", "other.example", "/?q")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a", "*")]
    [InlineData("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", "a", "*")]
    [InlineData("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "a:443", "a:443")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "", "/")]
    [InlineData("GET / HTTP/1.3\r\nHost: [fd00::1]:80\r\n\r\n", "[fd00::1]:80", "/")]
    public void Target_forms_give_authority_and_target(string text, string authority, string target)
    {
        var head = Parse(text);
        Assert.Equal(authority, head.Authority.ToString());
        Assert.Equal(target, head.Target.ToString());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET path HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)]
    [InlineData("GET / http/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\rXHost: a\r\n\r\n", 400)]
    [InlineData("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400)]
    [InlineData("GET http://a/ HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET http://a,b/ HTTP/1.1\r\nHost: a,b\r\n\r\n", 400)]
    [InlineData("CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400)]
    public void What_could_be_read_in_two_ways_is_refused(string text, int status)
    {
        var error = Assert.Throws<HttpMessageException>(() => Parse(text));
        Assert.Equal(status, error.Status);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\n\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\r", 400)]
    [InlineData("GET / HTTP/1.1\rHost: a\r\r", 400)]
    [InlineData("\n", 400)]
    [InlineData("GET /\r\n", 400)]
    [InlineData("nonsense\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\n", 505)]
    public void What_no_further_byte_can_mend_is_refused_at_once(string start, int status)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(start);
        for (int split = 0; split <= bytes.Length; split++)
        {
            var buffer = Split(bytes, split);
            Assert.Equal(status, Assert.Throws<HttpMessageException>(() => Http1Parser.TryParseRequest(buffer, HttpLimits.Default, new RequestHead(), out _)).Status);
        }
    }

    [Fact]
    public void A_header_line_of_a_megabyte_is_refused_before_it_has_arrived()
    {
        string start = "GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 1 << 20);
        Assert.Equal(431, Assert.Throws<HttpMessageException>(() => Parse(start)).Status);
        Assert.Equal(414, Assert.Throws<HttpMessageException>(() => Parse("GET /" + new string('x', 9000))).Status);
        Assert.Equal(431, Assert.Throws<HttpMessageException>(() => Parse("GET / HTTP/1.1\r\nHost: a\r\n"
            + string.Concat(Enumerable.Repeat("a: b\r\n", 300)) + "\r\n")).Status);
    }

    internal static ReadOnlySequence<byte> Split(byte[] bytes, int at)
    {
        var first = new Segment(bytes.AsMemory(0, at), null);
        var second = new Segment(bytes.AsMemory(at), first);
        return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - at);
    }

    private static RequestHead Parse(string text)
    {
        var head = new RequestHead();
        Assert.True(Http1Parser.TryParseRequest(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)), HttpLimits.Default, head, out _));
        return head;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null) return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
