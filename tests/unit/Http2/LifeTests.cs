using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Unit.Http2;

public class LifeTests
{
    private static readonly byte[] Get = [0x82, 0x87, 0x84];
    private readonly TestLoop loop = new();

    [Fact]
    public void Silent_peer_is_asked_after_the_interval_and_given_up_after_the_timeout()
    {
        var peer = new RawPeer(loop);
        loop.Advance(TimeSpan.FromSeconds(10.1)); // what the handshake brought
        Assert.DoesNotContain(peer.Received, frame => frame.Type == 6);
        loop.Advance(TimeSpan.FromSeconds(10));
        peer.Collect();
        Assert.Contains(peer.Received, frame => frame.Type == 6);
        loop.Advance(TimeSpan.FromSeconds(19.8));
        Assert.True(peer.UnderTest.IsOpen);
        loop.Advance(TimeSpan.FromSeconds(0.3));
        Assert.False(peer.UnderTest.IsOpen);
        Assert.Contains("no sign of life", peer.UnderTest.EndReason);
    }

    [Fact]
    public void Two_connections_of_ours_keep_each_other_alive()
    {
        var pair = new Http2Pair(loop);
        loop.Advance(TimeSpan.FromMinutes(5));
        Assert.True(pair.Client.IsOpen);
        Assert.True(pair.Server.IsOpen);
    }

    [Fact]
    public void Preface_that_does_not_come_in_time_ends_the_connection()
    {
        var peer = new RawPeer(loop, handshake: false);
        loop.Advance(TimeSpan.FromSeconds(9.9));
        Assert.True(peer.UnderTest.IsOpen);
        loop.Advance(TimeSpan.FromSeconds(0.2));
        peer.Collect();
        Assert.Equal(ErrorCode.SettingsTimeout, peer.GoAway);
    }

    [Fact]
    public void Peer_that_does_not_close_after_an_error_is_cut_off()
    {
        var peer = new RawPeer(loop).Send(Frame(8, 0, 0, 0, 0, 0, 0));
        Assert.False(peer.Run.IsCompleted);
        loop.Advance(TimeSpan.FromSeconds(1.1));
        Assert.True(peer.Run.IsCompletedSuccessfully);
    }

    [Fact]
    public void Draining_server_serves_what_is_on_the_way_refuses_later_streams_and_closes()
    {
        var pair = new Http2Pair(loop);
        loop.Run(async () =>
        {
            var first = await pair.Client.OpenAsync(Heads.Request(), endStream: true);
            var served = (await pair.Server.AcceptAsync())!;
            var drained = pair.Server.GoAwayAsync();
            var racing = await pair.Client.OpenAsync(Heads.Request(), endStream: true); // the client does not know yet
            var alsoServed = (await pair.Server.AcceptAsync())!;
            await alsoServed.SendHeadersAsync(Heads.Response(200), endStream: true);
            await racing.ReadHeadersAsync();
            Assert.True(pair.Client.Draining);
            Assert.False(drained.IsCompleted);
            await served.SendHeadersAsync(Heads.Response(204), endStream: true);
            Assert.Equal("204", Heads.Text(await first.ReadHeadersAsync(), ":status"));
            await drained;
            Assert.Null(await pair.Server.AcceptAsync());
        });
        loop.RunUntilIdle();
        Assert.True(pair.ServerRun.IsCompletedSuccessfully);
        Assert.True(pair.ClientRun.IsCompletedSuccessfully);
        Assert.Null(pair.Client.EndReason);
    }

    [Fact]
    public void End_of_the_connection_breaks_every_pending_operation()
    {
        var pair = new Http2Pair(loop);
        var (head, write, read) = loop.Run(async () =>
        {
            var stream = await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
            await pair.Server.AcceptAsync();
            await pair.Client.OpenAsync(Heads.Request("POST"), endStream: false);
            var quiet = (await pair.Server.AcceptAsync())!;
            return (stream.ReadHeadersAsync().AsTask(), stream.Output.WriteAsync(new byte[20_000_000]).AsTask(), quiet.Input.CopyToAsync(Stream.Null));
        });
        var accept = loop.RunAsync(async () => Assert.Null(await pair.Server.AcceptAsync()));
        pair.ClientTransport.Abort();
        loop.RunUntilIdle();
        Assert.IsType<ConnectionBrokenException>(head.Exception!.InnerException);
        Assert.IsType<ConnectionBrokenException>(write.Exception!.InnerException);
        Assert.IsType<ConnectionBrokenException>(read.Exception!.InnerException);
        Assert.True(accept.IsCompletedSuccessfully);
        Assert.True(pair.ServerTransport.IsDisposed);
        Assert.Equal(0, pair.Server.ActiveStreams);
    }

    [Fact]
    public void Streams_beyond_the_limit_wait_their_turn()
    {
        var pair = new Http2Pair(loop, serverSettings: new Http2Settings { MaxConcurrentStreams = 2 });
        loop.Run(async () =>
        {
            var warm = await pair.Client.OpenAsync(Heads.Request(), endStream: true);
            await AnswerAsync(pair.Server);
            await warm.ReadHeadersAsync(); // the server's settings have arrived
            await pair.Client.OpenAsync(Heads.Request(), endStream: true);
            await pair.Client.OpenAsync(Heads.Request(), endStream: true);
            Assert.False(pair.Client.CanOpen);
            var third = pair.Client.OpenAsync(Heads.Request(), endStream: true);
            Assert.False(third.IsCompleted);
            await AnswerAsync(pair.Server);
            await third;
            Assert.Equal(2, pair.Client.ActiveStreams);
        });

        static async Task AnswerAsync(Http2Connection server)
        {
            using var stream = (await server.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(200), endStream: true);
        }
    }

    [Fact]
    public void Streams_beyond_the_announced_limit_are_refused()
    {
        var peer = new RawPeer(loop, settings: new Http2Settings { MaxConcurrentStreams = 2 });
        peer.Send([.. Frame(1, 5, 1, Get), .. Frame(1, 5, 3, Get), .. Frame(1, 5, 5, Get)]);
        Assert.Equal([ErrorCode.RefusedStream], peer.Resets(5));
        Assert.Equal(2, peer.UnderTest.ActiveStreams);
    }

    [Fact]
    public void Head_larger_than_announced_is_answered_with_431()
    {
        var peer = new RawPeer(loop, settings: new Http2Settings { MaxHeaderListBytes = 1000 });
        byte[] block = [.. Get, .. Enumerable.Repeat((byte[])[0, 1, (byte)'x', 1, (byte)'y'], 40).SelectMany(field => field)];
        peer.Send(Frame(1, 5, 1, block));
        var answer = new Mesh.Http.HeaderList();
        new Mesh.Http.Hpack.HpackDecoder(4096).Decode(peer.Received.Single(frame => frame is { Type: 1, StreamId: 1 }).Payload, answer, 1000);
        Assert.StartsWith(":status: 431\ndate: ", answer.ToString(), StringComparison.Ordinal);
        Assert.True(peer.UnderTest.IsOpen);
    }

    [Fact]
    public void Dispose_before_the_end_tells_the_peer_a_moment_later_that_nobody_listens()
    {
        var peer = AnsweredEarly();
        loop.Advance(Http2Limits.Default.LingerTimeout - TimeSpan.FromMilliseconds(20));
        peer.Collect();
        Assert.Empty(peer.Resets(1));
        loop.Advance(TimeSpan.FromMilliseconds(40));
        peer.Collect();
        Assert.Equal([ErrorCode.NoError], peer.Resets(1));
        Assert.True(peer.Received.FindIndex(frame => frame.Type == 3) > peer.Received.FindIndex(frame => frame is { Type: 0, Flags: 1 }));
    }

    [Fact]
    public void Peer_that_ends_an_answered_request_itself_is_told_nothing_and_gets_no_window_until_then()
    {
        var peer = AnsweredEarly();
        peer.Send(Frame(0, 0, 1, new byte[16_000])).Send(Frame(0, 1, 1, new byte[10]));
        loop.Advance(TimeSpan.FromSeconds(2));
        peer.Collect();
        Assert.Empty(peer.Resets(1));
        Assert.DoesNotContain(peer.Received, static frame => frame is { Type: 8, StreamId: 1 });
        Assert.Equal(0, peer.UnderTest.ActiveStreams);
    }

    [Fact]
    public void Drain_waits_for_no_request_that_nobody_reads()
    {
        var peer = AnsweredEarly();
        _ = peer.UnderTest.GoAwayAsync();
        loop.RunUntilIdle();
        peer.Collect();
        Assert.Equal([ErrorCode.NoError], peer.Resets(1));
    }

    private RawPeer AnsweredEarly()
    {
        var peer = new RawPeer(loop).Send(Frame(1, 4, 1, Get));
        loop.Run(async () =>
        {
            using var stream = (await peer.UnderTest.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(200), endStream: false);
            await stream.Output.WriteAsync(new byte[10]);
            await stream.Output.CompleteAsync();
        });
        return peer;
    }

    /// <summary>So a client stops an upload that was refused.</summary>
    [Fact]
    public void Body_that_ends_short_after_the_answer_has_begun_fails_its_reader_and_not_the_answer()
    {
        byte[] withLength = [.. Get, 0x0f, 0x0d, 1, (byte)'3'];
        var peer = new RawPeer(loop).Send(Frame(1, 4, 1, withLength));
        loop.Run(async () =>
        {
            using var stream = (await peer.UnderTest.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(413), endStream: false);
            peer.Send(Frame(0, 1, 1, 7));
            var read = await stream.Input.ReadAsync();
            Assert.Equal((1, false), (read.Buffer.Length, read.IsCompleted));
            stream.Input.AdvanceTo(read.Buffer.End);
            var error = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await stream.Input.ReadAsync());
            Assert.Contains("shorter than its content-length", error.Message, StringComparison.Ordinal);
            await stream.Output.WriteAsync("too large"u8.ToArray());
            await stream.Output.CompleteAsync();
        });
        peer.Collect();
        var frames = peer.Received.Where(frame => frame.StreamId == 1).ToArray();
        Assert.Equal([1, 0], frames.Select(frame => frame.Type).Where(static type => type != 8));
        Assert.Equal(1, frames[^1].Flags);
    }

    [Fact]
    public void Response_head_body_and_end_leave_in_one_flush()
    {
        var peer = new RawPeer(loop).Send(Frame(1, 5, 1, Get));
        loop.Run(async () =>
        {
            using var stream = (await peer.UnderTest.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(200), endStream: false);
            await stream.Output.WriteAsync("hello"u8.ToArray());
            await stream.Output.CompleteAsync();
        });
        peer.Collect();
        var frames = peer.Received.Where(frame => frame.StreamId == 1).ToArray();
        Assert.Equal([1, 0], frames.Select(frame => frame.Type));
        Assert.Equal(1, frames[1].Flags);
    }
}
