using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Hpack;
using Mesh.Http.Http1;

namespace Mesh.Micro.Operations;

/// <summary>Heads in and out.</summary>
internal static class HttpOperations
{
    private const string Fields = "Host: catalog.shop.mesh\r\nUser-Agent: micro/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n" +
        "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\nX-Request-Id: 7d444840-9dc0-41d1-b245-5ffdce74fad2\r\n\r\n";

    public static IEnumerable<Operation> All()
    {
        var request = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes("GET /catalog/items/17?page=2 HTTP/1.1\r\n" + Fields));
        var requestHead = new RequestHead();
        yield return new Operation("http1: parse a request with 6 fields", () => Http1Parser.TryParseRequest(request, HttpLimits.Default, requestHead, out _));

        var response = new ReadOnlySequence<byte>("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\nServer: app\r\nCache-Control: no-cache\r\n\r\n"u8.ToArray());
        var responseHead = new ResponseHead();
        yield return new Operation("http1: parse a response with 4 fields", () => Http1Parser.TryParseResponse(response, HttpLimits.Default, responseHead, out _));

        var head = new HeaderList();
        foreach (string line in ":method: GET|:scheme: https|:path: /catalog/items/17|:authority: catalog.shop.mesh|accept: */*|x-request-id: 7d444840".Split('|'))
            head.Add(line[..line.LastIndexOf(": ", StringComparison.Ordinal)], line[(line.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]);
        var encoder = new HpackEncoder();
        yield return new Operation("hpack: encode a request", () => encoder.Encode(head));

        var decoder = new HpackDecoder(HpackDecoder.DefaultTableSize);
        byte[] first = new HpackEncoder().Encode(head).ToArray();
        var received = new HeaderList();
        yield return new Operation("hpack: decode a request", () =>
        {
            received.Clear();
            decoder.Decode(first, received, 64 * 1024);
        });
    }
}
