using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>An application answers before it has the whole request, and takes no more of it. The client gets all of the answer.</summary>
public sealed class EarlyAnswerTests
{
    private const string Upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n";
    private const string TooLarge = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_arrives_wherever_it_is_split_by_a_reset_of_the_application(bool endsInOrder)
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            for (int split = 0; split <= TooLarge.Length; split += 3)
            {
                var client = await gateway.ConnectAsync();
                await client.SendAsync(Upload);
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                var sending = SendUntilBrokenAsync(client);
                await server.ReadAsync(1 + split * 1000);
                await server.SendAsync(TooLarge[..split]);
                await server.SendAsync(TooLarge[split..]);
                if (endsInOrder) await server.FinishAsync();
                server.Abort();
                string answer = await client.ReadMessageAsync();
                Assert.StartsWith("HTTP/1.1 413 Too Large\r\n", answer);
                Assert.Contains("connection: close\r\n", answer);
                Assert.EndsWith("\r\n\r\nbig", answer);
                client.Abort();
                await sending;
            }
        });
        Assert.All(gateway.Traffic.Records, static record => Assert.Equal((413, ResponseFlag.None), (record.Status, record.Flag)));
    }

    [Fact]
    public async Task Answer_that_a_reset_cut_short_does_not_look_whole()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                var client = await gateway.ConnectAsync();
                await client.SendAsync(Upload);
                var server = await app.AcceptAsync();
                await server.ReadHeadAsync();
                var sending = SendUntilBrokenAsync(client);
                await server.ReadAsync(1 + i * 1000);
                await server.SendAsync("HTTP/1.1 413 Too Large\r\n\r\nends with the connection");
                server.Abort();
                Assert.True((await client.DrainAsync()).Reset);
                await sending;
            }
        });
    }

    [Fact]
    public async Task Upload_that_is_refused_is_read_away_while_it_goes_on_until_the_client_looks_for_the_answer()
    {
        await using var gateway = new TestGateway();
        var app = gateway.App();
        gateway.Route("/", app.Address).Start();
        await gateway.RunAsync(async () =>
        {
            var client = await gateway.ConnectAsync();
            await client.SendAsync(Upload);
            var server = await app.AcceptAsync();
            await server.ReadHeadAsync();
            await server.SendAsync(TooLarge);
            await server.FinishAsync();
            // Many a client reads nothing before it has sent everything.
            await Pattern.SendAsync(client, 50_000_000);
            Assert.EndsWith("big", await client.ReadToEndAsync());
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Answer_of_an_application_that_resets_passes_through_the_mesh(string machine) => With(machine, TestMachines.Wire.Http, async (app, client) =>
    {
        await client.SendAsync(Upload + "the beginning");
        var server = await app.AcceptAsync();
        await server.ReadUntilAsync("the beginning");
        await server.SendAsync(TooLarge);
        server.Abort();
        Assert.EndsWith("\r\n\r\nbig", await client.ReadMessageAsync());
    });

    [Theory]
    [InlineData("a", true)]
    [InlineData("b", true)]
    [InlineData("a", false)]
    [InlineData("b", false)]
    public void Answer_over_HTTP2_before_a_reset_of_the_stream_is_whole(string machine, bool byHttp2) => With(machine, TestMachines.Wire.Http2, async (app, client) =>
    {
        Http2Stream? request = null;
        if (byHttp2)
        {
            request = await Http2Peer.Client(client.Connection).Http2.OpenAsync(Request("POST", "/"), endStream: false);
            await request.Output.WriteAsync(new byte[1000]);
        }
        else
        {
            await client.SendAsync(Upload + "the beginning");
        }
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await Http2Peer.RespondAsync(stream, Response(413, ("content-length", "3")), "big");
        // The rest of the request is refused with NO_ERROR.
        stream.Dispose();
        if (request is null)
        {
            string answer = await client.ReadMessageAsync();
            Assert.StartsWith("HTTP/1.1 413 ", answer);
            Assert.Contains("connection: close\r\n", answer);
            Assert.EndsWith("big", answer);
            return;
        }
        Assert.Equal("413", Text(await request.ReadHeadersAsync(), ":status"));
        Assert.Equal("big", await Bodies.ReadTextAsync(request.Input));
        while (request.ResetCode is null) await request.Output.WriteAsync(new byte[1000]);
        Assert.Equal(ErrorCode.NoError, request.ResetCode);
    });

    private static async Task SendUntilBrokenAsync(Peer client)
    {
        try
        {
            await Pattern.SendAsync(client, 4_000_000);
        }
        catch (Mesh.Io.ConnectionBrokenException)
        {
            // The test has seen enough.
        }
    }

    private static void With(string machine, TestMachines.Wire wire, Func<PeerServer, Peer, Task> test)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1").Start();
        machines.Run(async () => await test(machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
