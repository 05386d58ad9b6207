namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Requests of HTTP/2 that become others when somebody writes them down as HTTP/1.1.</summary>
internal static class Http2Corpus
{
    private const string Smuggled = "GET /smuggled-{id} HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

    /// <summary>How many at the end of <see cref="Items"/> have nothing wrong with them.</summary>
    public static int FineCount { get; } = Fine().Count();

    public static IReadOnlyList<Http2Item> Items { get; } =
        [.. Injections(), .. Lengths(), .. Codings(), .. Hosts(), .. Pseudo(), .. Targets(), .. Methods(), .. Trailers(), .. Others(), .. Fine()];

    private static (string, string)[] Get(params (string, string)[] fields) => Request("GET", fields);

    private static (string, string)[] Request(string method, params (string, string)[] fields) =>
        [(":method", method), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a"), .. fields];

    /// <summary>What is dangerous inside any text of a head.</summary>
    private static IEnumerable<string> Dangerous() =>
    [
        "x\r\nX: y", "x\nX: y", "x\rX: y", "x\0y", "\0", "\r", "\n", "\r\n", "x\r\n\r\n" + Smuggled, "x HTTP/1.1\r\nHost: a\r\n\r\n" + Smuggled, "x\r\nContent-Length: 50", "x\r\nTransfer-Encoding: chunked",
        " x", "x ", "\tx", "x\t", "x y", "x:y", "x\u007f", "x\u0001", "x\u0085y", "x\u00a0",
    ];

    private static IEnumerable<Http2Item> Injections()
    {
        foreach (string text in Dangerous())
        {
            yield return new(Get(("x", text)));
            yield return new(Get((text, "y")));
            yield return new(Get(("cookie", "a=b"), ("cookie", text)));
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}" + text), (":authority", "a")]);
            yield return new([(":method", "GET" + text), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a")]);
            yield return new([(":method", "GET"), (":scheme", "http" + text), (":path", "/item-{id}"), (":authority", "a")]);
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a" + text)]);
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), ("host", "a" + text)]);
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a"), (":" + text, "x")]);
            yield return new([(":method", "CONNECT"), (":protocol", "websocket" + text), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a")]);
            yield return new(Request("POST", ("content-length", "5" + text)), "hello");
            yield return new(Request("POST"), "hello", [("x", text)]);
            yield return new(Request("POST"), "hello", [(text, "y")]);
        }
    }

    /// <summary>H2.CL.</summary>
    private static IEnumerable<Http2Item> Lengths()
    {
        foreach (string value in (string[])["0", "1", "5", "6", "00", "05", "+5", "-5", "0x5", "5,5", "5, 5", "5;5", "\"5\"", "", "5e0", "18446744073709551616", "99999999999999999999999", "4294967301"])
        {
            yield return new(Request("POST", ("content-length", value)), Smuggled);
            yield return new(Request("POST", ("content-length", value)), "hello");
            yield return new(Request("POST", ("content-length", value)));
            yield return new(Request("POST", ("content-length", value), ("content-length", "5")), "hello");
            yield return new(Request("POST", ("content-length", "5"), ("content-length", value)), "hello");
            yield return new(Get(("content-length", value)), Smuggled);
        }
        foreach (string name in (string[])["Content-Length", "content-length ", " content-length", "content_length", "content-length:", "content-length\0", "content-length\t"])
            yield return new(Request("POST", (name, "0")), Smuggled);
    }

    /// <summary>H2.TE.</summary>
    private static IEnumerable<Http2Item> Codings()
    {
        foreach (string name in (string[])["transfer-encoding", "Transfer-Encoding", "transfer-encoding ", "transfer-encoding\t", "transfer-encoding:", "transfer_encoding", "transfer-encoding\0", "transfer-encoding\r\n", "x\r\ntransfer-encoding", "te"])
        {
            foreach (string value in (string[])["chunked", "identity", "gzip, chunked", "trailers, chunked", "x"])
            {
                yield return new(Request("POST", (name, value)), "0\r\n\r\n" + Smuggled);
                yield return new(Request("POST", (name, value), ("content-length", $"{Smuggled.Length + 5}")), "0\r\n\r\n" + Smuggled);
            }
        }
        foreach (string listed in (string[])["transfer-encoding", "content-length", "close", "upgrade", "host"])
            yield return new(Request("POST", ("connection", listed), ("content-length", "5")), "hello");
        yield return new(Get(("upgrade", "h2c"), ("http2-settings", "AAA")));
        yield return new(Get(("connection", "upgrade, http2-settings"), ("upgrade", "h2c"), ("http2-settings", "AAA")));
        yield return new(Get(("upgrade", "websocket"), ("sec-websocket-version", "13")));
        yield return new(Get(("keep-alive", "1"), ("proxy-connection", "keep-alive")));
    }

    private static IEnumerable<Http2Item> Hosts()
    {
        foreach (string host in (string[])["", "b", "A", "a:80", "a, b", "a b", "a@b", "u@a", "a/b", "a:b", "a:80:80", "a:99999", "a:", "[::1", "[::1]", "http://a", "a#b", "a?b", "a%00", "\u00e9"])
        {
            yield return new(Get(("host", host)));
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), (":authority", host)]);
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), ("host", host)]);
            yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}"), ("host", "a"), ("host", host)]);
        }
        yield return new([(":method", "GET"), (":scheme", "http"), (":path", "/item-{id}")]);
    }

    private static IEnumerable<Http2Item> Pseudo()
    {
        foreach (string name in (string[])[":method", ":scheme", ":path", ":authority", ":status", ":protocol", ":host", ":", ":Path", "::path"])
        {
            yield return new(Get((name, "/smuggled-{id}")));
            yield return new([(name, "/smuggled-{id}"), .. Get()]);
            yield return new([.. Get(("x", "y")), (name, "a")]);
            yield return new([.. Get().Where(field => field.Item1 != name)]);
        }
        yield return new([("x", "y"), .. Get()]);
        yield return new([]);
    }

    private static IEnumerable<Http2Item> Targets()
    {
        string[] targets =
        [
            "", "*", "item-{id}", "http://b/item-{id}", "http://a/item-{id}", "//b/item-{id}", "/item-{id}#f", "\\item-{id}", "/item-{id}\u00e9", "?item-{id}", "/item-{id}?a b", "a:80",
            "/item-{id} HTTP/1.1", "/item-{id} HTTP/1.0\r\nX: y", "/item-{id}\\..", "/item-{id}/%0d%0aX:%20y", "/item-{id}%00", "/item-{id};a",
        ];
        foreach (string target in targets)
        {
            foreach (string method in (string[])["GET", "OPTIONS", "CONNECT"]) yield return new([(":method", method), (":scheme", "http"), (":path", target), (":authority", "a")]);
        }
        foreach (string scheme in (string[])["https", "HTTP", "ftp", "x", "", "http://b/smuggled-{id}?", "http:"])
            yield return new([(":method", "GET"), (":scheme", scheme), (":path", "/item-{id}"), (":authority", "a")]);
    }

    private static IEnumerable<Http2Item> Methods()
    {
        foreach (string method in (string[])["", "get", "HEAD", "PRI", "TRACE", "CONNECT", "G T", "GET /smuggled-{id} HTTP/1.1\r\nHost: a\r\n\r\nGET", "GET?", "\"GET\"", "(GET)", "G\u00c9T"])
        {
            yield return new(Request(method));
            yield return new(Request(method), Smuggled);
            yield return new(Request(method, ("content-length", $"{Smuggled.Length}")), Smuggled);
        }
        yield return new([(":method", "CONNECT"), (":authority", "a:80")], Smuggled);
        foreach (string length in (string[])["0", "1", "5", "50"])
            yield return new([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a"), ("content-length", length)], "");
        foreach (string protocol in (string[])["websocket", "h2c", "HTTP/2.0", "connect-udp", "websocket, h2c", ""])
        {
            yield return new([(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a")], Smuggled);
            yield return new([(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a"), ("content-length", "5")], Smuggled);
            yield return new([(":method", "GET"), (":protocol", protocol), (":scheme", "http"), (":path", "/item-{id}"), (":authority", "a")], Smuggled);
        }
    }

    private static IEnumerable<Http2Item> Trailers()
    {
        foreach (var trailer in ((string, string)[])[("content-length", "50"), ("transfer-encoding", "chunked"), ("host", "b"), (":path", "/smuggled-{id}"), ("Upper", "x"), ("connection", "close"), ("x-forwarded-for", "1.2.3.4"), ("", "x"), ("expect", "100-continue")])
        {
            yield return new(Request("POST"), "hello", [trailer]);
            yield return new(Request("POST"), null, [trailer]);
            yield return new(Request("POST", ("content-length", "5")), "hello", [trailer]);
            yield return new(Request("POST", ("content-length", "6")), "hello", [trailer]);
        }
    }

    private static IEnumerable<Http2Item> Others()
    {
        foreach (string expect in (string[])["100-continue", "x", "", "100-continue, x"])
        {
            yield return new(Request("POST", ("expect", expect)), "hello");
            yield return new(Request("POST", ("expect", expect), ("content-length", "5")), "hello");
        }
        foreach (string body in (string[])["0\r\n\r\n" + Smuggled, "5\r\nhello\r\n0\r\n\r\n" + Smuggled, Smuggled, "\r\n0\r\n\r\n" + Smuggled]) yield return new(Request("POST"), body);
    }

    /// <summary>Nothing is wrong with these: the test would notice a proxy that refuses everything.</summary>
    private static IEnumerable<Http2Item> Fine()
    {
        yield return new(Get());
        yield return new(Get(("cookie", "a=b"), ("cookie", "c=d"), ("te", "trailers")));
        yield return new(Get(("host", "a")));
        yield return new(Request("POST"), "hello");
        yield return new(Request("POST", ("content-length", "5")), "hello");
        yield return new(Request("POST"), Smuggled, [("x-checksum", "1")]);
        yield return new(Request("DELETE"), "");
        yield return new(Request("HEAD"));
    }
}
