namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Bytes that a proxy and a server may divide into requests differently. In each item {id} becomes its number, so that every request has a target of its own.</summary>
internal static class SmugglingCorpus
{
    /// <summary>What an attacker wants to see carried out without the proxy knowing.</summary>
    private const string Smuggled = "GET /smuggled-{id} HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

    private const string Start = "POST /item-{id} HTTP/1.1\r\nHost: a\r\n";

    public static IReadOnlyList<string> Items { get; } =
    [
        .. Lengths().Select(static field => $"{Start}{field}\r\n\r\n{Smuggled}"),
        .. Codings().SelectMany(static field => new[]
        {
            $"{Start}{field}\r\n\r\n0\r\n\r\n{Smuggled}",
            $"{Start}Content-Length: 5\r\n{field}\r\n\r\n0\r\n\r\n{Smuggled}",
            $"{Start}{field}\r\nContent-Length: {Smuggled.Length + 5}\r\n\r\n0\r\n\r\n{Smuggled}",
        }),
        .. Chunks().Select(static body => $"{Start}Transfer-Encoding: chunked\r\n\r\n{body}{Smuggled}"),
        .. LineEnds().Select(static body => $"{Start}Transfer-Encoding: chunked\r\n\r\n{body}"),
        .. Hosts(), .. Lines(), .. Connections(), .. Expectations(), .. Fine(),
    ];

    /// <summary>How many at the end of <see cref="Items"/> have nothing wrong with them.</summary>
    public static int FineCount { get; } = Fine().Count();

    private static IEnumerable<string> Lengths()
    {
        string[] values =
        [
            "0", "00", "+0", "-0", "-1", "+5", "0x0", "0x5", "5, 5", "0, 5", "5,0", "5;5", "\"5\"", "5 5", " ", "", "1e1", "05", "5\t", "\t5", "5\v", "\f5", "٥",
            "99999999999999999999999", "18446744073709551616", "4294967296", "5\0", "5\x00a0", "0\rContent-Length: 5", "0\nContent-Length: 5",
        ];
        foreach (string value in values)
        {
            yield return $"Content-Length: {value}";
            yield return $"Content-Length: {value}\r\nContent-Length: 0";
            yield return $"Content-Length: 0\r\nContent-Length: {value}";
        }
        string[] names = ["Content-Length :", "Content-Length\t:", " Content-Length:", "\tContent-Length:", "Content_Length:", "Content-Length\0:", "Content-Length\x00a0:", "Content-\r\n Length:", ":Content-Length:", "CONTENT-LENGTH:", "content-length:"];
        foreach (string name in names) yield return $"{name} 5";
        yield return "Content-Length: 0\r\n 5";
        yield return "Content-Length:\r\n 5";
        yield return "X: y\r\n\tContent-Length: 5";
    }

    private static IEnumerable<string> Codings()
    {
        string[] values =
        [
            "chunked", "Chunked", "CHUNKED", " chunked", "\tchunked", "chunked ", "chunked\t", "\vchunked", "chunked\v", "\fchunked", "chunked\0", "\"chunked\"", "'chunked'",
            "chunked;q=1", "chunked, chunked", "chunked, identity", "identity, chunked", "identity", "gzip, chunked", "chunked, gzip", ", chunked", "chunked,", "x", "xchunked",
            "chunkedx", "chunk", "chunked\x00a0", "c hunked", "", "chu\r\n nked", "\r\n chunked", "chunked\r\n ",
        ];
        foreach (string value in values) yield return $"Transfer-Encoding:{(value is [' ' or '\t' or '\v' or '\f' or '\r', ..] ? "" : " ")}{value}";
        string[] names =
        [
            "Transfer-Encoding :", "Transfer-Encoding\t:", " Transfer-Encoding:", "Transfer_Encoding:", "Transfer-Encoding\0:", "Transfer Encoding:", "Transfer-Encoding\v:",
            "TRANSFER-ENCODING:", "X\rTransfer-Encoding:", "X: y\nTransfer-Encoding:", "X: y\rTransfer-Encoding:", "Transfer-Encoding\r\n :",
        ];
        foreach (string name in names) yield return $"{name} chunked";
        yield return "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity";
        yield return "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked";
        yield return "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked";
        yield return "Transfer-Encoding: x\r\nTransfer-Encoding: chunked";
        yield return "Transfer-Encoding: chunked\r\nTransfer-encoding: cow";
        yield return "Transfer-Encoding: chunked\r\nTransfer-Encoding:";
        yield return "Foo: bar\r\n\rTransfer-Encoding: chunked";
        yield return "Transfer-Encoding: chunked\r\nContent-Encoding: chunked";
    }

    private static IEnumerable<string> Chunks()
    {
        string[] sizes =
        [
            "0", "00", "000000000000000000000000", "-0", "+0", "0x0", " 0", "0 ", "0\t", "0;", "0 ;", "0;a", "0;a=b", "0;a=\"b\"", "0;a=\"\r\n\"", "0;\n", "0;a\rb", "0,0", "0\0", "0\v", "",
            "5", "05", "5;a=\"\n", "G", "1G", "-5", "+5", "0x5", "5 5", "FFFFFFFFFFFFFFFF", "10000000000000000", "100000000000000000", "7FFFFFFFFFFFFFFF", "80000000",
        ];
        foreach (string size in sizes)
        {
            yield return $"{size}\r\nhello\r\n0\r\n\r\n";
            yield return $"{size}\n\n";
            yield return $"5\r\nhello\r\n{size}\r\n\r\n";
        }
        yield return "5\r\nhelloX\r\n0\r\n\r\n";
        yield return "5\r\nhello\n0\r\n\r\n";
        yield return "5\r\nhello0\r\n\r\n";
        yield return "5\r\nhello\r0\r\n\r\n";
        yield return "5\nhello\r\n0\r\n\r\n";
        yield return "5\r\nhell\r\n0\r\n\r\n";
        yield return "0\r\nX: y\n\r\n";
        yield return "0\r\n X: y\r\n\r\n";
        yield return "0\r\nX : y\r\n\r\n";
        yield return "0\r\nContent-Length: 50\r\n\r\n";
        yield return "0\r\nTransfer-Encoding: chunked\r\n\r\n";
        yield return "0\r\nHost: b\r\nX: y\r\n\r\n";
        yield return "0\r\nnocolon\r\n\r\n";
        yield return "0\r\n\n";
        yield return "0\r\n\r";
    }

    /// <summary>Chunked bodies whose lines end where one reader thinks so and another not: what hides is a chunk that is a request to the other.</summary>
    private static IEnumerable<string> LineEnds()
    {
        foreach (string end in (string[])["\n", "\r", "\r\r", "\n\r", "\r\r\n", "\n\r\n", " \r\n", "\u0085", "\v", "\f", "\0\r\n", ""])
        {
            // TERM.EXT and EXT.TERM: the end of a line inside an extension.
            yield return $"2;{end}xx\r\n{Smuggled.Length:x}\r\n{Smuggled}\r\n0\r\n\r\n";
            yield return $"2;a=b{end}xx\r\n0\r\n\r\n{Smuggled}";
            yield return $"0;{end}\r\n\r\n{Smuggled}";
            yield return $"0;a{end}{Smuggled}\r\n\r\n";
            yield return $"5;a=\"{end}\"\r\nhello\r\n0\r\n\r\n{Smuggled}";
            // TERM.SPILL, SPILL.TERM and ends of one or two bytes: the end of a line behind the data.
            yield return $"5\r\nhello{end}2\r\nxx\r\n0\r\n\r\n{Smuggled}";
            yield return $"5\r\nhello{end}\r\n0\r\n\r\n{Smuggled}";
            yield return $"5{end}hello\r\n0\r\n\r\n{Smuggled}";
            yield return $"5\r\nhello\r\n0{end}\r\n{Smuggled}";
            yield return $"5\r\nhello\r\n0\r\n{end}{Smuggled}";
            yield return $"5\r\nhello\r\n0\r\nX: y{end}{Smuggled}\r\n";
        }
    }

    private static IEnumerable<string> Hosts()
    {
        string[] hosts = ["", "a, b", "a b", "a@b", "a/b", "a:b", "a:80:80", "a:99999", "a:", "a\0", "a\tb", "a\rb", "[::1", "[::1]", "a%00", "http://a", "a#b", "a?b", "é"];
        foreach (string host in hosts) yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: {host}\r\n\r\n";
        yield return "GET /item-{id} HTTP/1.1\r\n\r\n";
        yield return "GET /item-{id} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
        yield return "GET /item-{id} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n";
        yield return "GET /item-{id} HTTP/1.1\r\nHost : a\r\n\r\n";
        yield return "GET /item-{id} HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n";
        string[] targets = ["http://a/item-{id}", "http://b/item-{id}", "http://a:80/item-{id}", "HTTP://a/item-{id}", "https://a/item-{id}", "http://u@a/item-{id}", "http://a", "http:///item-{id}", "http://a#/item-{id}", "ftp://a/item-{id}", "//a/item-{id}", "a:80", "item-{id}", "*", "/item-{id}#f", "/item-{id} x", "/item-{id}\t", "/item-{id}\0", "/item-{id}é", "\\item-{id}"];
        foreach (string target in targets)
        {
            foreach (string method in (string[])["GET", "OPTIONS", "CONNECT"]) yield return $"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n";
        }
    }

    private static IEnumerable<string> Lines()
    {
        string[] lines =
        [
            "GET /item-{id}", "GET /item-{id} ", "GET  /item-{id} HTTP/1.1", " GET /item-{id} HTTP/1.1", "GET /item-{id} HTTP/1.1 ", "GET\t/item-{id}\tHTTP/1.1", "GET /item-{id} HTTP/1.0",
            "GET /item-{id} HTTP/0.9", "GET /item-{id} HTTP/1.2", "GET /item-{id} HTTP/2.0", "GET /item-{id} HTTP/1.1\r", "GET /item-{id} HTTP/1.1\rX", "GET /item-{id} http/1.1", "GET /item-{id} HTTP/11",
            "GET /item-{id} HTTP/1.10", "G\0T /item-{id} HTTP/1.1", "G:T /item-{id} HTTP/1.1", "GET /item-{id}\r HTTP/1.1", "GET /item-{id}\n HTTP/1.1", "\nGET /item-{id} HTTP/1.1", "\rGET /item-{id} HTTP/1.1", "\0GET /item-{id} HTTP/1.1",
        ];
        foreach (string line in lines)
        {
            yield return $"{line}\r\nHost: a\r\n\r\n";
            yield return $"{line}\nHost: a\n\n";
            yield return $"{line}\r\nHost: a\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}";
        }
        yield return $"GET /item-{{id}} HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Smuggled}";
        yield return $"POST /item-{{id}} HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello{Smuggled}";
        foreach (string field in (string[])["X: a\0b", "X: a\rb", "X: a\nb", "X: a\r\n b", "X", ": x", "X\n: y", "X\u007f: y", "\"X\": y", "X(: y", "X: \u0001", "X: a\u007fb"])
            yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n";
    }

    private static IEnumerable<string> Connections()
    {
        foreach (string listed in (string[])["Content-Length", "Transfer-Encoding", "Host", "close, Content-Length", "keep-alive", "X-Forwarded-For", "Connection", ""])
        {
            yield return $"{Start}Connection: {listed}\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}";
            yield return $"{Start}Connection: {listed}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Smuggled}";
        }
        yield return $"{Start}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello{Smuggled}";
        yield return $"{Start}Expect: x\r\nContent-Length: 5\r\n\r\nhello{Smuggled}";
        yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n{Smuggled}";
        yield return $"{Start}Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello{Smuggled}";
        yield return $"GET /item-{{id}} HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, keep-alive\r\n\r\n{Smuggled}";
        yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n\r\n{Smuggled}";
    }

    private static IEnumerable<string> Expectations()
    {
        foreach (string field in (string[])["Expect: 100-Continue", "Expect: y 100-continue", "Expect: 100-continue, 100-continue", "Expect: 100-continue\r\nExpect: 100-continue", "Expect:", "Expect:\r\n 100-continue", "Expect : 100-continue", "Expect: 200-ok"])
        {
            yield return $"{Start}{field}\r\nContent-Length: 5\r\n\r\nhello{Smuggled}";
            yield return $"{Start}{field}\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}";
            yield return $"{Start}{field}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Smuggled}";
            yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\n{field}\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}";
            yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n{Smuggled}";
        }
    }

    /// <summary>Nothing is wrong with these: the test would notice a proxy that refuses everything.</summary>
    private static IEnumerable<string> Fine()
    {
        yield return $"{Start}Content-Length: 5\r\n\r\nhello{Smuggled}";
        yield return $"{Start}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n{Smuggled}";
        yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\n\r\n{Smuggled}{Smuggled}";
        yield return $"GET /item-{{id}} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello{Smuggled}";
        yield return $"HEAD /item-{{id}} HTTP/1.1\r\nHost: a\r\n\r\n{Smuggled}";
        yield return $"DELETE /item-{{id}} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n{Smuggled}";
    }
}
