using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Http1;

public sealed class Http1ServerTests
{
    private readonly TestLoop loop = new();

    [Fact]
    public void Pipelined_requests_are_answered_in_order()
    {
        string answers = Talk("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(["/1:", "/2:", "/3:"], Bodies(answers));
    }

    [Fact]
    public void Bodies_arrive_whole_wherever_the_input_is_split()
    {
        const string request = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nTrail: er\r\n\r\n"
            + "PUT /y HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwxyzGET /z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        for (int split = 1; split < request.Length; split++)
            Assert.Equal(["/x:abcdefgh[Trail: er]", "/y:wxyz", "/z:"], Bodies(Talk(request[..split], request[split..])));
    }

    [Theory]
    [InlineData("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400)]
    [InlineData("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400)]
    [InlineData("Content-Length: 3, 3\r\n\r\nabc", 400)]
    [InlineData("Content-Length: +3\r\n\r\nabc", 400)]
    [InlineData("Content-Length: 9999999999999999999\r\n\r\nabc", 400)]
    [InlineData("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501)]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\nx\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n\n0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\r0\r\n\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 400)]
    public void Ambiguous_framing_is_refused_and_the_connection_closed(string rest, int status)
    {
        string answer = Talk($"POST / HTTP/1.1\r\nHost: a\r\n{rest}", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Contains("x-mesh-error: DPE ", answer);
        Assert.Contains("connection: close", answer);
        Assert.DoesNotContain("/smuggled", answer);
    }

    [Fact]
    public void Http10_client_gets_no_chunks_and_a_closed_connection()
    {
        string answer = Talk("GET /streamed HTTP/1.0\r\n\r\n");
        Assert.DoesNotContain("transfer-encoding", answer);
        Assert.EndsWith("\r\n\r\n/streamed:", answer);
    }

    [Theory]
    [InlineData("close, keep-alive")]
    [InlineData("keep-alive\r\nConnection: close")]
    public void Http10_client_that_says_both_close_and_keep_alive_is_closed(string connection)
    {
        string answer = Talk($"GET /1 HTTP/1.0\r\nConnection: {connection}\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
        Assert.Contains("connection: close\r\n", answer);
        Assert.Equal(["/1:"], Bodies(answer));
    }

    [Fact]
    public void Head_request_gets_the_length_and_no_body()
    {
        string answer = Talk("HEAD /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Contains("content-length: 3\r\n", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Fact]
    public void Idle_connection_is_closed_after_the_keep_alive_timeout_and_not_before()
    {
        var (client, server) = MemoryConnection.Pair(loop);
        var serving = Serve(server);
        loop.Advance(HttpLimits.Default.KeepAliveTimeout - TimeSpan.FromMilliseconds(20));
        Assert.False(client.Input.TryRead(out _));
        loop.Advance(TimeSpan.FromMilliseconds(40));
        Assert.True(client.Input.TryRead(out var read) && read.IsCompleted);
        loop.Advance(TimeSpan.FromSeconds(3));
        Assert.True(serving.IsCompletedSuccessfully);
    }

    [Fact]
    public void Slow_header_gets_408()
    {
        var (client, server) = MemoryConnection.Pair(loop);
        _ = Serve(server);
        loop.Run(async () => await client.Output.WriteAsync("GET / HT"u8.ToArray()));
        loop.Advance(HttpLimits.Default.HeadTimeout + TimeSpan.FromMilliseconds(20));
        Assert.True(client.Input.TryRead(out var read));
        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(read.Buffer.ToArray()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\n\r\n")]
    public void Client_that_has_said_its_last_is_not_waited_for(string request)
    {
        var (client, server) = MemoryConnection.Pair(loop);
        var serving = Serve(server);
        Send(client, request);
        Assert.True(serving.IsCompletedSuccessfully);
        Assert.EndsWith("/:", Received(client, out bool ended));
        Assert.True(ended);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nx")]
    [InlineData("GET \0 HTTP/1.1\r\n\r\n")]
    public void Client_that_may_still_send_is_heard_out_lest_a_reset_destroys_its_answer(string request)
    {
        var (client, server) = MemoryConnection.Pair(loop);
        var serving = Serve(server);
        Send(client, request);
        Assert.False(serving.IsCompleted);
        Received(client, out bool ended);
        Assert.True(ended);
        client.Output.Complete();
        loop.RunUntilIdle();
        Assert.True(serving.IsCompletedSuccessfully);
    }

    private void Send(Connection client, string request) => loop.Run(async () => await client.Output.WriteAsync(Encoding.ASCII.GetBytes(request)));

    private static string Received(Connection client, out bool ended)
    {
        Assert.True(client.Input.TryRead(out var read));
        ended = read.IsCompleted;
        string text = Encoding.ASCII.GetString(read.Buffer.ToArray());
        client.Input.AdvanceTo(read.Buffer.End);
        return text;
    }

    private Task Serve(Connection server)
    {
        Task serving = Task.CompletedTask;
        loop.Post(_ => serving = new Http1ServerConnection(server, new Echo(), HttpLimits.Default).RunAsync().AsTask(), null);
        loop.RunUntilIdle();
        return serving;
    }

    private string Talk(params string[] parts)
    {
        var (client, server) = MemoryConnection.Pair(loop);
        _ = Serve(server);
        return loop.Run(async () =>
        {
            foreach (string part in parts)
            {
                await client.Output.WriteAsync(Encoding.ASCII.GetBytes(part));
                await Task.Yield();
            }
            var all = new StringBuilder();
            while (true)
            {
                var read = await client.Input.ReadAsync();
                all.Append(Encoding.ASCII.GetString(read.Buffer.ToArray()));
                client.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return all.ToString();
            }
        });
    }

    private static List<string> Bodies(string answers)
    {
        var bodies = new List<string>();
        while (answers.Length > 0)
        {
            int end = answers.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            string lengthLine = answers[..end].Split("\r\n").Single(static l => l.StartsWith("content-length: ", StringComparison.Ordinal));
            int length = int.Parse(lengthLine["content-length: ".Length..]);
            bodies.Add(answers.Substring(end + 4, length));
            answers = answers[(end + 4 + length)..];
        }
        return bodies;
    }

    /// <summary>Answers with the target and what the body was; /streamed without a length.</summary>
    private sealed class Echo : IHttpHandler
    {
        public async ValueTask HandleAsync(ServerExchange exchange)
        {
            var text = new StringBuilder($"{exchange.Request.Target}:");
            while (true)
            {
                var read = await exchange.RequestBody.ReadAsync();
                text.Append(Encoding.ASCII.GetString(read.Buffer.ToArray()));
                exchange.RequestBody.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            if (exchange.RequestTrailers.Count > 0) text.Append($"[{exchange.RequestTrailers.ToString().Trim()}]");
            var body = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text.ToString()));
            var head = new ResponseHead { Status = 200 };
            if (!exchange.Request.Target.Span.SequenceEqual("/streamed"u8))
            {
                await exchange.RespondAsync(head, body);
                return;
            }
            exchange.StartResponse(head, BodyFraming.Streamed);
            await exchange.WriteAsync(body);
            await exchange.FinishAsync();
        }
    }
}
