using System.Buffers;
using Mesh.Http;
using Mesh.Http.Hpack;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Unit.Http2;

public class FlowControlTests
{
    private static readonly byte[] Get = [0x82, 0x87, 0x84];
    private readonly TestLoop loop = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Random_bodies_over_random_windows_arrive_whole_in_both_directions(int seed)
    {
        var random = new Random(seed);
        var settings = new Http2Settings
        {
            StreamWindowBytes = random.Next(65_535, 200_000),
            ConnectionWindowBytes = random.Next(65_535, 300_000),
            MaxFrameBytes = random.Next(16_384, 100_000),
        };
        var pair = new Http2Pair(loop, settings, settings, bufferBytes: random.Next(100, 100_000));
        loop.Run(async () =>
        {
            var serving = EchoAsync(pair.Server);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAndCompareAsync(pair.Client, random)));
            await pair.Client.GoAwayAsync();
            await serving;
        }, within: TimeSpan.FromSeconds(5)); // no keep-alive or timer may be needed for progress
        Assert.Equal(0, pair.Server.ActiveStreams);
        Assert.True(pair.ClientRun.IsCompletedSuccessfully);
    }

    [Fact]
    public void Streams_that_nobody_reads_do_not_hold_up_another()
    {
        var pair = new Http2Pair(loop);
        loop.Run(async () =>
        {
            var stalled = new List<ValueTask<System.IO.Pipelines.FlushResult>>();
            for (int i = 0; i < 8; i++)
            {
                var stream = await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
                stalled.Add(stream.Output.WriteAsync(new byte[5 * 1024 * 1024])); // more than its window
            }
            for (int i = 0; i < 8; i++) await pair.Server.AcceptAsync();
            var live = await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
            await live.Output.WriteAsync(new byte[1024 * 1024]);
            await live.Output.CompleteAsync();
            var served = (await pair.Server.AcceptAsync())!;
            Assert.Equal(1024 * 1024, (await Bodies.ReadAllAsync(served.Input)).Length);
            Assert.All(stalled, write => Assert.False(write.IsCompleted));
        });
    }

    [Fact]
    public void Unread_bytes_beyond_the_bound_withhold_connection_credit_until_they_are_read()
    {
        var limits = new Http2Limits { MaxBufferedBytes = 100_000 };
        var settings = new Http2Settings { StreamWindowBytes = 1_000_000, ConnectionWindowBytes = 200_000 };
        var pair = new Http2Pair(loop, serverSettings: settings, serverLimits: limits);
        loop.Run(async () =>
        {
            var stream = await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
            var write = stream.Output.WriteAsync(new byte[900_000]);
            var served = (await pair.Server.AcceptAsync())!;
            long read = 0;
            bool sawBound = false;
            while (read < 900_000)
            {
                loop.Post(_ => { }, null);
                await Yield();
                var result = await served.Input.ReadAsync();
                Assert.InRange(result.Buffer.Length, 0, limits.MaxBufferedBytes + settings.ConnectionWindowBytes);
                sawBound |= !write.IsCompleted;
                read += result.Buffer.Length;
                served.Input.AdvanceTo(result.Buffer.End);
            }
            Assert.True(sawBound);
            await write;
        });
    }

    [Fact]
    public void Slow_reader_gets_no_more_than_its_stream_window()
    {
        var pair = new Http2Pair(loop, serverSettings: new Http2Settings { StreamWindowBytes = 70_000 });
        loop.Run(async () =>
        {
            var stream = await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
            var write = stream.Output.WriteAsync(new byte[500_000]);
            var served = (await pair.Server.AcceptAsync())!;
            for (int i = 0; i < 100; i++) await Yield();
            Assert.False(write.IsCompleted);
            Assert.True(served.Input.TryRead(out var result));
            Assert.Equal(70_000, result.Buffer.Length);
            served.Input.AdvanceTo(result.Buffer.Start);
        });
    }

    [Fact]
    public void Peer_that_exceeds_the_stream_window_loses_the_stream_and_beyond_the_connection_window_the_connection()
    {
        var settings = new Http2Settings { StreamWindowBytes = 65_535, ConnectionWindowBytes = 65_535, MaxFrameBytes = 100_000 };
        byte[] open = Frame(1, 4, 1, 0x82, 0x87, 0x84);
        var overConnection = new RawPeer(loop, settings: settings).Send(open).Send(Frame(0, 0, 1, new byte[65_536]));
        Assert.Equal(ErrorCode.FlowControlError, overConnection.GoAway);

        var overStream = new RawPeer(loop, settings: settings with { ConnectionWindowBytes = 1_000_000 })
            .Send(open).Send(Frame(0, 0, 1, new byte[65_535])).Send(Frame(0, 0, 1, 1));
        Assert.Equal([ErrorCode.FlowControlError], overStream.Resets(1));
        Assert.True(overStream.UnderTest.IsOpen);
    }

    [Fact]
    public void Padding_is_returned_as_window()
    {
        var peer = new RawPeer(loop, settings: new Http2Settings { StreamWindowBytes = 65_535, ConnectionWindowBytes = 65_535 });
        peer.Send(Frame(1, 4, 1, 0x82, 0x87, 0x84));
        for (int i = 0; i < 1000; i++) peer.Send(Frame(0, 8, 1, [200, 1, .. new byte[200]])); // one byte of data in 202
        Assert.True(peer.UnderTest.IsOpen);
        Assert.Empty(peer.Resets(1));
    }

    [Fact]
    public void Window_that_settings_made_negative_holds_the_body_until_it_is_positive_again()
    {
        var peer = new RawPeer(loop).Send(Frame(1, 5, 1, 0x82, 0x87, 0x84));
        loop.Run(async () =>
        {
            var stream = (await peer.UnderTest.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(200), endStream: false);
            await stream.Output.WriteAsync(new byte[30_000]);
            peer.Send(Frame(4, 0, 0, 0, 4, 0, 0, 0, 10)); // 65,535 - 30,000 becomes 10 - 30,000
            _ = stream.Output.WriteAsync(new byte[100]);
        });
        peer.Send();
        Assert.Equal(30_000, Sent());
        peer.Send(Frame(8, 0, 1, 0, 0, 0x75, 0x2F)); // 29,999: window 9
        Assert.Equal(30_009, Sent());
        peer.Send(Frame(8, 0, 1, 0, 0, 1, 0));
        Assert.Equal(30_100, Sent());

        int Sent() => peer.Received.Where(frame => frame.Type == 0).Sum(frame => frame.Payload.Length);
    }

    /// <summary>The table that compresses heads is changed in the order in which they were written: overtaken, the peer would understand none of them.</summary>
    [Fact]
    public void Head_that_waited_for_the_transport_is_not_overtaken_when_it_goes_on()
    {
        var peer = new RawPeer(loop, bufferBytes: 1024).Send(Frame(1, 5, 1, Get)).Send(Frame(1, 5, 3, Get)).Send(Frame(1, 4, 5, Get));
        var streams = new List<Http2Stream>();
        loop.Run(async () =>
        {
            while (streams.Count < 3) streams.Add((await peer.UnderTest.AcceptAsync())!);
            await streams[0].SendHeadersAsync(Heads.Response(200, ("x-large", new string('x', 3000))), endStream: true);
        });
        loop.RunUntilIdle(); // the transport takes no more
        var third = loop.RunAsync(async () =>
        {
            Assert.True((await streams[2].Input.ReadAsync()).IsCanceled);
            await streams[2].SendHeadersAsync(Heads.Response(200, ("server", "mine")), endStream: true);
        });
        loop.Run(async () => await streams[1].SendHeadersAsync(Heads.Response(200, ("server", "mine")), endStream: true));
        peer.Take();
        streams[2].Input.CancelPendingRead(); // both go on in one turn
        loop.RunUntilIdle();
        peer.Collect();
        Assert.True(third.IsCompletedSuccessfully);
        Assert.Equal(["1 ", "3 mine", "5 mine"], ServersOf(peer));
    }

    [Theory]
    [InlineData(10, true, "0/1 10")]
    [InlineData(10, false, "0/0 10,1/5 0")] // trailers follow
    [InlineData(20_000, true, "0/0 16384,0/1 3616")]
    public void Last_bytes_of_a_body_say_that_they_are_the_last(int bytes, bool isEnd, string frames)
    {
        var peer = new RawPeer(loop).Send(Frame(1, 5, 1, Get));
        loop.Run(async () =>
        {
            var exchange = new Http2ServerExchange(MemoryConnection.Pair(loop).Server);
            exchange.Start((await peer.UnderTest.AcceptAsync())!);
            exchange.StartResponse(new ResponseHead { Status = 200 }, BodyFraming.Streamed);
            await exchange.WriteLastAsync(new ReadOnlySequence<byte>(new byte[bytes]), withTrailers: !isEnd);
            await exchange.FinishAsync(isEnd ? null : Heads.Of(("x-end", "1")));
            await exchange.EndAsync();
        });
        peer.Collect();
        var sent = peer.Received.Where(frame => frame.StreamId == 1).Skip(1).Select(frame => $"{frame.Type}/{frame.Flags} {(frame.Type == 0 ? frame.Payload.Length : 0)}");
        Assert.Equal(frames, string.Join(',', sent));
        Assert.Equal(0, peer.UnderTest.ActiveStreams);
    }

    private static IEnumerable<string> ServersOf(RawPeer peer)
    {
        var decoder = new HpackDecoder(HpackDecoder.DefaultTableSize);
        foreach (var frame in peer.Received.Where(frame => frame.Type == 1))
        {
            var head = new HeaderList();
            decoder.Decode(frame.Payload, head, 65_536);
            yield return $"{frame.StreamId} {Heads.Text(head, "server")}";
        }
    }

    private static async Task EchoAsync(Http2Connection server)
    {
        var all = new List<Task>();
        while (await server.AcceptAsync() is { } stream) all.Add(EchoOneAsync(stream));
        await Task.WhenAll(all);
    }

    private static async Task EchoOneAsync(Http2Stream stream)
    {
        await stream.SendHeadersAsync(Heads.Response(200), endStream: false);
        while (true)
        {
            var result = await stream.Input.ReadAsync();
            foreach (var piece in result.Buffer) await stream.Output.WriteAsync(piece);
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) break;
        }
        await stream.Output.CompleteAsync();
        stream.Dispose();
    }

    private static async Task SendAndCompareAsync(Http2Connection client, Random random)
    {
        byte[] body = new byte[random.Next(4) == 0 ? random.Next(0, 800_000) : random.Next(0, 5_000)];
        random.NextBytes(body);
        var stream = await client.OpenAsync(Heads.Request("POST"), endStream: false);
        var sending = SendAsync(stream, body, random.Next(1, 50_000));
        await stream.ReadHeadersAsync();
        Assert.Equal(body, await Bodies.ReadAllAsync(stream.Input));
        await sending;
        stream.Dispose();
    }

    private static async Task SendAsync(Http2Stream stream, byte[] body, int chunk)
    {
        for (int at = 0; at < body.Length; at += chunk) await stream.Output.WriteAsync(body.AsMemory(at, Math.Min(chunk, body.Length - at)));
        await stream.Output.CompleteAsync();
    }

    /// <summary>Lets everything else on the loop run.</summary>
    private async Task Yield()
    {
        var done = new TaskCompletionSource();
        loop.Post(_ => done.SetResult(), null);
        await done.Task;
    }
}
