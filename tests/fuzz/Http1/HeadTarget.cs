using System.Buffers;
using System.IO.Pipelines;
using Mesh.Http;
using Mesh.Http.Http1;

namespace Mesh.Tests.Fuzz.Http1;

/// <summary>Heads of requests and responses: accepted or not wherever they are split, and what was accepted reads back after it was written.</summary>
internal sealed class HeadTarget : IFuzzTarget
{
    private static readonly HttpLimits Roomy = HttpLimits.Default with { MaxHeadBytes = 256 * 1024, MaxRequestLineBytes = 64 * 1024, MaxHeaderCount = 400 };

    public string Name => "http1-head";

    public IEnumerable<byte[]> Seeds =>
    [
        "GET /a/b?c=d HTTP/1.1\r\nHost: shop.mesh:80\r\nAccept: */*\r\n\r\n"u8.ToArray(),
        "POST http://shop.mesh/x HTTP/1.1\r\nHost: other\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray(),
        "PUT / HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\n\r\n"u8.ToArray(),
        "OPTIONS * HTTP/1.0\r\n\r\n"u8.ToArray(),
        "CONNECT shop.mesh:443 HTTP/1.1\r\nHost: shop.mesh:443\r\n\r\n"u8.ToArray(),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(),
        "HTTP/1.0 301 \r\nLocation:\t/x \r\n\r\n"u8.ToArray(),
        "HTTP/1.1 204\r\nServer: x\r\n\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var pieces = Pieces.Of(input);
        var whole = new ReadOnlySequence<byte>(input.ToArray());
        var (request, again) = (new RequestHead(), new RequestHead());
        int length = Read(whole, request, Http1Parser.TryParseRequest);
        Assert.Equal(length, ReadGrowing(pieces, again, Http1Parser.TryParseRequest));
        if (length > 0) CheckWritten(request, again);

        var (response, second) = (new ResponseHead(), new ResponseHead());
        length = Read(whole, response, Http1Parser.TryParseResponse);
        Assert.Equal(length, ReadGrowing(pieces, second, Http1Parser.TryParseResponse));
        if (length > 0) CheckWritten(response, second);
    }

    private delegate bool Parser<T>(in ReadOnlySequence<byte> buffer, HttpLimits limits, T head, out int length);

    /// <returns>Bytes of the head; 0 when it is not whole or refused.</returns>
    private static int Read<T>(in ReadOnlySequence<byte> bytes, T head, Parser<T> parse)
    {
        try
        {
            return parse(bytes, HttpLimits.Default, head, out int length) ? length : 0;
        }
        catch (HttpMessageException)
        {
            return 0;
        }
    }

    private static int ReadGrowing<T>(List<byte[]> pieces, T head, Parser<T> parse)
    {
        try
        {
            for (int count = 1; count <= pieces.Count; count++)
                if (parse(Pieces.Sequence(pieces[..count]), HttpLimits.Default, head, out int length)) return length;
        }
        catch (HttpMessageException)
        {
        }
        return 0;
    }

    private static void CheckWritten(RequestHead head, RequestHead again)
    {
        Assert.Equal(Text(head), Text(again));
        // Only HTTP/1.0 may go without; the proxy names the service then.
        if (head.Authority.IsEmpty) head.Authority.Set("catalog.shop.mesh");
        byte[] written = Write(writer => writer.WriteRequestHead(head, BodyMode.None, -1));
        Assert.True(Http1Parser.TryParseRequest(new(written), Roomy, again, out int length), "a written head is not whole");
        Assert.Equal(written.Length, length);
        Assert.Equal(Text(head), Text(again));
    }

    private static void CheckWritten(ResponseHead head, ResponseHead again)
    {
        Assert.Equal(Text(head), Text(again));
        byte[] written = Write(writer => writer.WriteResponseHead(head, BodyMode.None, 0, bodiless: true, close: false, keepAlive: false));
        Assert.True(Http1Parser.TryParseResponse(new(written), Roomy, again, out int length), "a written head is not whole");
        Assert.Equal(written.Length, length);
        Assert.Equal(Text(head), Text(again));
    }

    private static string Text(RequestHead head) => $"{head.Method} {head.Authority} {head.Target}\n{head.Headers}";

    private static string Text(ResponseHead head) => $"{head.Status}\n{head.Headers}";

    private static byte[] Write(Action<Http1MessageWriter> write)
    {
        using var stream = new MemoryStream();
        var output = PipeWriter.Create(stream);
        write(new Http1MessageWriter(output));
        output.Complete();
        return stream.ToArray();
    }
}
