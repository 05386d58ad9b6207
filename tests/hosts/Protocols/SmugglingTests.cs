using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Every item of both corpora through meshd to nginx, HAProxy and Kestrel, each followed by an ordinary request on the same connection; from clients of
/// either version to servers of either. No server may carry out a request that meshd does not know of: same method, target and host, as often or less; and no
/// body may have another length. What meshd knows is its access log.</summary>
public sealed class SmugglingTests
{
    private const string Resources = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: one, port: 80, protocol: HTTP }, { name: two, port: 81, protocol: HTTP } ]

        """;

    private static readonly TimeSpan bound = TimeSpan.FromSeconds(10);

    [Fact]
    public Task Nginx_carries_out_what_the_gateway_knows() => CheckAsync(Origin.NginxAsync);

    [Fact]
    public Task Haproxy_carries_out_what_the_gateway_knows() => CheckAsync(Origin.HaproxyAsync);

    [Fact]
    public Task Kestrel_carries_out_what_the_gateway_knows() => CheckAsync(Origin.KestrelAsync);

    private static async Task CheckAsync(Func<Edge, Task<Origin>> start)
    {
        await using var edge = await Edge.CreateAsync();
        var origin = await start(edge);
        try
        {
            await edge.StartAsync(Resources + Route("one", Origin.Http1Port, "http") + Route("two", Origin.Http2Port, "kubernetes.io/h2c"));
            await edge.ListensAsync(80, 81);
            foreach (int port in (int[])[80, 81]) await CheckAsync(edge, origin, port);
        }
        finally
        {
            await origin.StopAsync();
        }
    }

    private static async Task CheckAsync(Edge edge, Origin origin, int port)
    {
        Assert.InRange(SmugglingCorpus.Items.Count, 250, 5000);
        Assert.InRange(Http2Corpus.Items.Count, 150, 5000);
        await Parallel.ForEachAsync(SmugglingCorpus.Items.Index(), async (item, _) =>
            await TalkAsync(edge, port, Encoding.Latin1.GetBytes(Named(item.Item, $"{port}-1-{item.Index}") + Last($"after-{port}-1-{item.Index}")), static _ => false));
        await Parallel.ForEachAsync(Http2Corpus.Items.Index(), async (item, _) =>
        {
            var ends = new Http2Ends();
            await TalkAsync(edge, port, Http2Bytes.Of(item.Item, text => Named(text, $"{port}-2-{item.Index}")), ends.HaveCome);
        });
        await TalkAsync(edge, port, Encoding.Latin1.GetBytes(Last($"last-{port}")), static _ => false);
        await Until.TrueAsync("the last request is seen", bound, () => origin.Requests().Any(request => request.Target == $"/last-{port}"), () => edge.Daemon.LogTail());

        IReadOnlyList<string> problems = [];
        await Until.TrueAsync("meshd knows of every request", bound, () => (problems = Compare(origin.Requests(), Known(edge))).Count == 0, () => string.Join('\n', problems.Take(50)));
        Check(origin, $"{port}-1", SmugglingCorpus.Items.Count, SmugglingCorpus.FineCount);
        Check(origin, $"{port}-2", Http2Corpus.Items.Count, Http2Corpus.FineCount);
    }

    /// <summary>What is in order must have come through, the requests behind it too.</summary>
    private static void Check(Origin origin, string run, int count, int fine)
    {
        foreach (int id in Enumerable.Range(count - fine, fine))
        {
            Assert.Contains(origin.Requests(), request => request.Target == $"/item-{run}-{id}");
            Assert.Contains(origin.Requests(), request => request.Target == $"/after-{run}-{id}");
        }
    }

    private static List<string> Compare(IReadOnlyList<UnderstoodRequest> carriedOut, IReadOnlyList<(UnderstoodRequest Request, bool HasFailed)> known)
    {
        var problems = new List<string>();
        var byKey = known.ToLookup(static one => KeyOf(one.Request));
        foreach (var seen in carriedOut.GroupBy(KeyOf))
        {
            var knownOnes = byKey[seen.Key].ToList();
            if (knownOnes.Count == 0) problems.Add($"unknown to meshd: {seen.Key}");
            else if (seen.Count() > MostOften(seen.Key, knownOnes.Count)) problems.Add($"{seen.Count()} times instead of {knownOnes.Count}: {seen.Key}");
            else problems.AddRange(seen.Where(request => request.Bytes is not null && !knownOnes.Any(one => one.HasFailed || one.Request.Bytes == request.Bytes))
                .Select(request => $"{request}, which meshd knows as {knownOnes[0].Request}"));
        }
        return problems;
    }

    /// <summary>What both must understand. An extended CONNECT is the GET with Upgrade that it was or becomes (RFC 8441 5); port 80 is the one that http means anyway.</summary>
    private static UnderstoodRequest KeyOf(UnderstoodRequest request) => new(
        request.Method == "CONNECT" && request.Target.StartsWith('/') ? "GET" : request.Method, request.Target, request.Host.EndsWith(":80", StringComparison.Ordinal) ? request.Host[..^3] : request.Host, null);

    /// <summary>Kestrel ends a whole connection of HTTP/2 over one field of Latin-1; a GET that was on it may be sent once more (RFC 9110 9.2.2).</summary>
    private static int MostOften(UnderstoodRequest request, int known) => request.Method == "GET" && request.Target.StartsWith("/after-81-", StringComparison.Ordinal) ? 2 * known : known;

    /// <summary>Requests that meshd has sent on, or begun to. What follows the last end of a line is still being written.</summary>
    private static List<(UnderstoodRequest, bool)> Known(Edge edge)
    {
        var known = new List<(UnderstoodRequest, bool)>();
        foreach (string line in edge.Daemon.ReadLog().Split('\n')[..^1].Where(static line => line.Contains("\"bytes_received\"", StringComparison.Ordinal)))
        {
            var entry = JsonDocument.Parse(line).RootElement;
            if (!entry.TryGetProperty("endpoint_address", out var endpoint) || endpoint.GetString() is null or "" or "-") continue;
            var request = new UnderstoodRequest(Text(entry, "method"), Text(entry, "path"), Text(entry, "authority"), entry.GetProperty("bytes_received").GetInt64());
            known.Add((request, Text(entry, "response_flags") != "-"));
        }
        return known;
    }

    private static string Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? text : "-";

    private static string Named(string text, string id) => text.Replace("{id}", id, StringComparison.Ordinal);

    private static string Last(string name) => $"GET /{name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    /// <summary>Says it and reads until meshd closes, or all is said.</summary>
    private static async Task TalkAsync(Edge edge, int port, byte[] said, Func<ReadOnlyMemory<byte>, bool> isOver)
    {
        using var deadline = new CancellationTokenSource(bound);
        using var socket = edge.Space.MakeSocket();
        var buffer = new byte[16384];
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), deadline.Token);
            await socket.SendAsync(said, deadline.Token);
            if (said[0] != 'P' || !said.AsSpan().StartsWith("PRI * HTTP/2.0"u8)) socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and int count && !isOver(buffer.AsMemory(0, count)))
            {
            }
        }
        catch (SocketException)
        {
            // meshd had enough.
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"no end within {bound.TotalSeconds} s: {Encoding.Latin1.GetString(said)}");
        }
    }

    private static string Route(string listener, int port, string protocol) => Edge.Service(listener, port, protocol: protocol) + $$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: {{listener}}, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge, sectionName: {{listener}} } ]
          rules: [ { backendRefs: [ { name: {{listener}}, port: 1 } ] } ]

        """;
}
