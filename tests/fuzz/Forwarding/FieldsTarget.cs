using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Tracing;

namespace Mesh.Tests.Fuzz.Forwarding;

/// <summary>What is done to a request's fields before they are sent on: fields of one connection only are gone, the client's address is the last word wherever a reader
/// looks for it, the trace and the deadline are well formed, and every field is still one that may be sent.</summary>
internal sealed class FieldsTarget : IFuzzTarget
{
    private static readonly string[] OfOneConnection = ["keep-alive", "proxy-connection", "transfer-encoding", "http2-settings"];
    private static readonly Ip[] Clients = [Ip.Parse("192.0.2.7"), Ip.Parse("2001:db8::7")];

    public string Name => "fields";

    public IEnumerable<byte[]> Seeds =>
    [
        "Connection: close, X-A, te\r\nX-A: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\n"u8.ToArray(),
        "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nUpgrade: tls/1.0\r\nHTTP2-Settings: AAA\r\n"u8.ToArray(),
        "X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nx-forwarded-for: ::1\r\nX-Forwarded-Proto: https\r\n"u8.ToArray(),
        "Forwarded: for=\"[2001:db8::1]\";by=\"a\\\"b,c\"\r\nForwarded: for=x;proto=http, for=\"open\r\nforwarded: \"\\\r\n"u8.ToArray(),
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\ngrpc-timeout: 99999999H\r\n"u8.ToArray(),
        "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90\r\nX-B3-TraceId: 463ac35c9f6413ad\r\nX-B3-SpanId: a2fb4a1d1a96d312\r\nX-B3-Sampled: 1\r\nx-b3-flags: 1\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        foreach (var client in Clients)
        {
            var fields = new HeaderList();
            try
            {
                Http1Parser.ParseFields(input, HttpLimits.Default, fields);
            }
            catch (HttpMessageException)
            {
                return;
            }
            Run(fields, client);
        }
    }

    private static void Run(HeaderList fields, Ip client)
    {
        bool asksForwarded = fields.Contains("forwarded"u8);
        var trace = new TraceHeaders(new BitSource(new Random(1)));
        trace.Continue(fields, TelemetryModel.Default.Tracing);
        Assert.True(trace.TraceId.Length is 0 or 32 && !trace.TraceId.ContainsAnyExcept("0123456789abcdef"u8));
        bool upgrade = HopByHop.Strip(fields);
        foreach (string name in OfOneConnection) Assert.False(fields.Contains(Encoding.ASCII.GetBytes(name)), $"{name} is sent on");
        Assert.Equal(upgrade || fields.Contains("te"u8), fields.Contains("connection"u8));
        Assert.Equal(upgrade, fields.Contains("upgrade"u8));
        Assert.True(!upgrade || !UpgradeField.Lists(fields, "h2c"u8));
        asksForwarded &= fields.Contains("forwarded"u8);
        new ForwardedFields(client).AddTo(fields);
        Assert.Equal(client.ToString(), LastOf(Only(fields, "x-forwarded-for")));
        Assert.Equal("http", Only(fields, "x-forwarded-proto"));
        if (asksForwarded) Assert.Equal(client.IsV4 ? $"for={client};proto=http" : $"for=\"[{client}]\";proto=http", LastUnquoted(Only(fields, "forwarded")));
        Deadline(fields);
        for (int i = 0; i < fields.Count; i++) Assert.True(Http1Parser.IsToken(fields.Name(i)) && Http1Parser.IsFieldValue(fields.Value(i)));
    }

    /// <summary>A deadline that is read is passed on as one that is read, and never longer.</summary>
    private static void Deadline(HeaderList fields)
    {
        if (!fields.TryGet("grpc-timeout"u8, out var text) || !Mesh.Http.Grpc.TryParseTimeout(text, out var timeout)) return;
        Span<byte> written = stackalloc byte[Mesh.Http.Grpc.MaxTimeoutText];
        int length = Mesh.Http.Grpc.WriteTimeout(timeout, written);
        Assert.True(Mesh.Http.Grpc.TryParseTimeout(written[..length], out var again));
        Assert.True(again <= timeout || timeout <= TimeSpan.Zero, $"{timeout} became {again}");
    }

    private static string Only(HeaderList fields, string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        int index = fields.IndexOf(bytes);
        Assert.True(index >= 0 && fields.IndexOf(bytes, index + 1) < 0, $"not one {name}");
        return Encoding.Latin1.GetString(fields.Value(index));
    }

    private static string LastOf(string list) => list[(list.LastIndexOf(',') + 1)..].Trim();

    /// <summary>As a reader of RFC 7239 that knows quoted strings (RFC 9110 5.6.4) finds it.</summary>
    private static string LastUnquoted(string list)
    {
        int last = 0;
        bool quoted = false;
        for (int i = 0; i < list.Length; i++)
        {
            if (list[i] == '"') quoted = !quoted;
            else if (quoted && list[i] == '\\') i++;
            else if (!quoted && list[i] == ',') last = i + 1;
        }
        Assert.False(quoted, "a quoted string does not end");
        return list[last..].Trim();
    }
}
