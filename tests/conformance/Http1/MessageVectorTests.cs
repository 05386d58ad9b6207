using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;

namespace Mesh.Tests.Conformance.Http1;

/// <summary>The messages that RFC 9112 and RFC 9110 show, and what their rules make of them.</summary>
public sealed class MessageVectorTests
{
    [Theory]
    [InlineData("GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n", "GET", "www.example.com", "/hello.txt")] // RFC 9110 3.9
    [InlineData("GET /where?q=now HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET", "www.example.org", "/where?q=now")] // 3.2.1
    [InlineData("GET http://www.example.org/pub/WWW/TheProject.html HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET", "www.example.org", "/pub/WWW/TheProject.html")] // 3.2.2
    [InlineData("CONNECT www.example.com:80 HTTP/1.1\r\nHost: www.example.com\r\n\r\n", "CONNECT", "www.example.com:80", "www.example.com:80")] // 3.2.3
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: www.example.org:8001\r\n\r\n", "OPTIONS", "www.example.org:8001", "*")] // 3.2.4
    [InlineData("OPTIONS http://www.example.org:8001 HTTP/1.1\r\nHost: www.example.org:8001\r\n\r\n", "OPTIONS", "www.example.org:8001", "*")] // 3.2.4
    [InlineData("GET /pub/WWW/ HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET", "www.example.org", "/pub/WWW/")] // 3.3
    public void Requests_of_section_3(string text, string method, string authority, string target)
    {
        var head = new RequestHead();
        Assert.True(Http1Parser.TryParseRequest(Bytes(text), HttpLimits.Default, head, out int length));
        Assert.Equal((text.Length, method, authority, target), (length, head.Method.ToString(), head.Authority.ToString(), head.Target.ToString()));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 51\r\nVary: Accept-Encoding\r\n\r\n", 200, "OK")] // RFC 9110 3.9
    [InlineData("HTTP/1.1 204 \r\n\r\n", 204, "")] // 4: the reason phrase may be absent, the space not
    [InlineData("HTTP/1.1 204\r\n\r\n", 204, "")] // sent by some servers all the same
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n", 101, "Switching Protocols")] // RFC 9110 7.8
    public void Responses_of_section_4(string text, int status, string reason)
    {
        var head = new ResponseHead();
        Assert.True(Http1Parser.TryParseResponse(Bytes(text), HttpLimits.Default, head, out int length));
        Assert.Equal((text.Length, status, reason), (length, head.Status, head.Reason.ToString()));
    }

    [Theory]
    [InlineData("Content-Length : 3")] // 5.1: no whitespace before the colon
    [InlineData(" Folded: yes")] // 5.2, and 2.2: no whitespace before the first field
    [InlineData("Name: a\r\n b")] // 5.2
    [InlineData("Name: a\rb")] // 2.2: a bare CR
    [InlineData("Host: second")] // 3.2
    public void Fields_that_must_be_refused(string fields) => Assert.Equal(
        400, Assert.Throws<HttpMessageException>(
            () => Http1Parser.TryParseRequest(Bytes($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"), HttpLimits.Default, new RequestHead(), out _)).Status);

    [Fact]
    public void Chunked_coding_of_section_7_with_an_extension_and_trailers()
    {
        var decoder = new ChunkedDecoder();
        var trailers = new HeaderList();
        var buffer = Bytes("4\r\nWiki\r\n7;chunk-ext=\"quoted\"\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\nServer-Timing: total;dur=7\r\n\r\n");
        var body = new StringBuilder();
        while (decoder.TryAdvance(ref buffer, HttpLimits.Default, trailers) && !decoder.Ended)
        {
            long bytes = decoder.Remaining;
            body.Append(Encoding.ASCII.GetString(buffer.Slice(0, bytes)));
            buffer = buffer.Slice(bytes);
            decoder.Consume(bytes);
        }
        Assert.Equal(("Wikipedia in \r\nchunks.", "Server-Timing: total;dur=7\n", true), (body.ToString(), trailers.ToString(), decoder.Ended && buffer.IsEmpty));
    }

    private static ReadOnlySequence<byte> Bytes(string text) => new(Encoding.ASCII.GetBytes(text));
}
