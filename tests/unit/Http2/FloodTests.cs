using System.Buffers;
using Mesh.Http.Http2;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Unit.Http2;

public class FloodTests
{
    private static readonly byte[] Get = [0x82, 0x87, 0x84];
    private static readonly Http2Limits Small = new() { ResetBurst = 20, ResetsPerSecond = 5, IdleFrameBurst = 20, IdleFramesPerSecond = 5 };

    private readonly TestLoop loop = new();

    public static TheoryData<string, byte[]> IdleFloods => new()
    {
        { "SETTINGS", Frame(4, 0, 0) },
        { "PING", Frame(6, 0, 0, new byte[8]) },
        { "PING acknowledgments", Frame(6, 1, 0, new byte[8]) },
        { "PRIORITY", Frame(2, 0, 1, new byte[5]) },
        { "unknown frames", Frame(0x77, 0, 0) },
        { "empty DATA", Frame(0, 0, 1) },
        { "DATA of padding only", Frame(0, 8, 1, 3, 0, 0, 0) },
        { "WINDOW_UPDATE of the connection", Frame(8, 0, 0, 0, 0, 0, 1) },
        { "WINDOW_UPDATE of a stream", Frame(8, 0, 1, 0, 0, 0, 1) },
        { "GOAWAY", Frame(7, 0, 0, new byte[8]) },
    };

    [Theory]
    [MemberData(nameof(IdleFloods))]
    public void Frames_that_move_nothing_end_the_connection(string what, byte[] frame)
    {
        var peer = new RawPeer(loop, limits: Small).Send(Frame(1, 4, 1, Get));
        Repeat(peer, frame, 15);
        Assert.True(peer.UnderTest.IsOpen, what);
        Repeat(peer, frame, 10);
        Assert.True(peer.GoAway == ErrorCode.EnhanceYourCalm, $"{what}: {peer.GoAway}");
    }

    [Theory]
    [InlineData("RST_STREAM", 3, 0, 4)]
    [InlineData("WINDOW_UPDATE", 8, 0, 4)]
    [InlineData("DATA with END_STREAM", 0, 1, 0)]
    [InlineData("trailers", 1, 5, 3)]
    public void Frames_for_a_stream_that_was_reset_here_end_the_connection(string what, byte type, byte flags, int length)
    {
        var peer = new RawPeer(loop, limits: Small).Send([.. Frame(1, 4, 1, Get), .. Frame(8, 0, 1, 0, 0, 0, 0)]);
        Assert.Equal([ErrorCode.ProtocolError], peer.Resets(1));
        byte[] frame = Frame(type, flags, 1, type == 1 ? Get : [.. Enumerable.Repeat((byte)1, length)]);
        Repeat(peer, frame, 15);
        Assert.True(peer.UnderTest.IsOpen, what);
        Repeat(peer, frame, 15);
        Assert.True(peer.GoAway == ErrorCode.EnhanceYourCalm, $"{what}: {peer.GoAway}");
    }

    [Fact]
    public void Window_given_back_for_what_was_sent_is_no_flood()
    {
        var peer = new RawPeer(loop, limits: Small).Send(Frame(1, 5, 1, Get));
        var stream = loop.Run(async () => await peer.UnderTest.AcceptAsync())!;
        loop.Run(async () => await stream.SendHeadersAsync(Heads.Response(200), endStream: false));
        for (int frame = 0; frame < 200; frame++)
        {
            // One byte a frame, and for each of them a stream and a connection update: nobody gives window back more pettily.
            loop.Run(async () => await stream.Output.WriteAsync(new byte[1]));
            peer.Send([.. Frame(8, 0, 1, 0, 0, 0, 1), .. Frame(8, 0, 0, 0, 0, 0, 1)]);
        }
        Assert.True(peer.UnderTest.IsOpen);
    }

    [Fact]
    public void Ping_for_each_DATA_frame_is_no_flood_and_one_more_is()
    {
        var peer = new RawPeer(loop, limits: Small).Send(Frame(1, 5, 1, Get));
        var stream = loop.Run(async () => await peer.UnderTest.AcceptAsync())!;
        loop.Run(async () => await stream.SendHeadersAsync(Heads.Response(200), endStream: false));
        for (int message = 0; message < 200; message++)
        {
            loop.Run(async () => await stream.Output.WriteAsync(new byte[5]));
            peer.Send(Frame(6, 0, 0, new byte[8]));
        }
        Assert.True(peer.UnderTest.IsOpen);
        Assert.Equal(200, peer.Received.Count(frame => (frame.Type, frame.Flags) == (6, 1)));
        Repeat(peer, Frame(6, 0, 0, new byte[8]), 25);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Client_may_give_up_the_rest_of_any_number_of_answered_requests()
    {
        var peer = new RawPeer(loop, limits: Small);
        for (int id = 1; id < 200; id += 2) Answer(peer, id).Send(Frame(3, 0, id, 0, 0, 0, 0));
        Assert.True(peer.UnderTest.IsOpen);
        Assert.Equal(0, peer.UnderTest.ActiveStreams);
    }

    [Fact]
    public void Server_may_refuse_the_rest_of_any_number_of_uploads()
    {
        var peer = new RawPeer(loop, againstServer: false, limits: Small);
        for (int id = 1; id < 200; id += 2)
        {
            loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request("POST"), endStream: false));
            peer.Send([.. Frame(1, 5, id, 0x88), .. Frame(3, 0, id, 0, 0, 0, 0)]);
        }
        Assert.True(peer.UnderTest.IsOpen);
    }

    /// <summary>What a server may send of any number of requests without having made more work than they were.</summary>
    public static TheoryData<string, bool, byte[][]> EndsByServers => new()
    {
        { "NO_ERROR after an answer to a request that it had not read", false, [Frame(1, 5, 1, 0x88), Frame(3, 0, 1, 0, 0, 0, 0)] },
        { "a reset instead of an answer", false, [Frame(3, 0, 1, 0, 0, 0, 2)] },
        { "an answer against the rules", false, [Frame(1, 5, 1, 0x84)] },
        { "an answer that was on its way when we gave the request up", true, [Frame(1, 4, 1, 0x88), Frame(0, 0, 1, 1, 2, 3), Frame(0, 1, 1), Frame(3, 0, 1, 0, 0, 0, 0)] },
    };

    [Theory]
    [MemberData(nameof(EndsByServers))]
    public void Server_may_end_any_number_of_requests_as_it_likes(string how, bool givenUp, byte[][] frames)
    {
        var peer = new RawPeer(loop, againstServer: false, limits: Small);
        for (byte id = 1; id < 200; id += 2)
        {
            var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true));
            if (givenUp) stream.Reset(ErrorCode.Cancel);
            foreach (byte[] frame in frames) frame[8] = id;
            peer.Send(frames.SelectMany(frame => frame).ToArray());
            stream.Dispose();
        }
        Assert.True(peer.UnderTest.IsOpen, how);
    }

    [Fact]
    public void Client_may_reset_what_was_answered_meanwhile()
    {
        var peer = new RawPeer(loop, limits: Small);
        for (int id = 1; id < 200; id += 2)
        {
            peer.Send(Frame(1, 5, id, Get));
            var stream = loop.Run(async () => await peer.UnderTest.AcceptAsync())!;
            loop.Run(async () => await stream.SendHeadersAsync(Heads.Response(200), endStream: true));
            peer.Send(Frame(3, 0, id, 0, 0, 0, 8));
            stream.Dispose();
        }
        Assert.True(peer.UnderTest.IsOpen);
    }

    [Fact]
    public void Identifiers_passed_over_give_no_right_to_anything()
    {
        var peer = new RawPeer(loop, limits: Small).Send(Frame(1, 4, int.MaxValue, Get));
        Repeat(peer, Frame(8, 0, 0, 0, 0, 0, 1), 30);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Same_frames_at_an_ordinary_rate_do_not()
    {
        var peer = new RawPeer(loop, limits: Small);
        for (int i = 0; i < 200; i++)
        {
            loop.Advance(TimeSpan.FromSeconds(1));
            peer.Send(Frame(6, 0, 0, new byte[8])).Send(Frame(6, 0, 0, new byte[8]));
        }
        Assert.True(peer.UnderTest.IsOpen);
    }

    [Fact]
    public void Rapid_reset_ends_the_connection()
    {
        var peer = new RawPeer(loop, limits: Small);
        for (int id = 1; id < 60 && peer.GoAway is null; id += 2) peer.Send([.. Frame(1, 5, id, Get), .. Frame(3, 0, id, 0, 0, 0, 8)]);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Streams_that_we_are_made_to_reset_count_as_well()
    {
        var peer = new RawPeer(loop, limits: Small);
        for (int id = 1; id < 60 && peer.GoAway is null; id += 2) peer.Send([.. Frame(1, 5, id, Get), .. Frame(8, 0, id, 0, 0, 0, 0)]);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Streams_given_up_by_the_peer_count_until_their_owner_gives_them_up_too()
    {
        var settings = new Http2Settings { MaxConcurrentStreams = 3 };
        var peer = new RawPeer(loop, settings: settings);
        for (int id = 1; id < 20; id += 2) peer.Send([.. Frame(1, 5, id, Get), .. Frame(3, 0, id, 0, 0, 0, 8)]);
        Assert.Equal([ErrorCode.RefusedStream], peer.Resets(13)); // the seventh, with six taken by owners
    }

    [Fact]
    public void Continuation_flood_ends_the_connection()
    {
        var peer = new RawPeer(loop, limits: new Http2Limits { MaxContinuationFrames = 5 }).Send(Frame(1, 0, 1, Get));
        Repeat(peer, Frame(9, 0, 1), 6);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Header_block_without_end_is_bounded_in_bytes()
    {
        var peer = new RawPeer(loop, settings: new Http2Settings { MaxHeaderListBytes = 2000 }).Send(Frame(1, 0, 1, Get));
        Repeat(peer, Frame(9, 0, 1, new byte[500]), 5);
        Assert.Equal(ErrorCode.EnhanceYourCalm, peer.GoAway);
    }

    [Fact]
    public void Peer_that_sends_but_does_not_read_is_cut_off_with_bounded_memory()
    {
        var (near, far) = MemoryConnection.Pair(loop, bufferBytes: 1024);
        var limits = new Http2Limits { IdleFrameBurst = 1_000_000, MaxQueuedBytes = 10_000 };
        var server = Http2Connection.Server(far, Http2Settings.Server, limits);
        var run = loop.RunAsync(server.RunAsync);
        loop.RunAsync(async () =>
        {
            near.Output.Write(Preface.Bytes);
            near.Output.Write(Frame(4, 0, 0));
            for (int i = 0; i < 2000; i++) await near.Output.WriteAsync(Frame(6, 0, 0, new byte[8])); // each is to be answered
        });
        loop.RunUntilIdle();
        Assert.False(server.IsOpen);
        Assert.Contains("does not read", server.EndReason);
        Assert.True(run.IsCompletedSuccessfully);
    }

    /// <summary>A request without end that has its whole answer.</summary>
    private RawPeer Answer(RawPeer peer, int id)
    {
        peer.Send(Frame(1, 4, id, Get));
        loop.Run(async () =>
        {
            using var stream = (await peer.UnderTest.AcceptAsync())!;
            await stream.SendHeadersAsync(Heads.Response(200), endStream: true);
        });
        return peer;
    }

    private static void Repeat(RawPeer peer, byte[] frame, int times) =>
        peer.Send([.. Enumerable.Repeat(frame, times).SelectMany(bytes => bytes)]);
}
