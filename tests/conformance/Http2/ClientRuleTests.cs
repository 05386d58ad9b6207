using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Conformance.Http2;

/// <summary>What a server may not send to our client (RFC 9113).</summary>
public class ClientRuleTests
{
    private readonly TestLoop loop = new();

    [Fact]
    public void Push_promise_ends_the_connection()
    {
        var peer = new RawPeer(loop, againstServer: false).Send(Frame(5, 4, 1, 0, 0, 0, 2));
        Assert.Equal(ErrorCode.ProtocolError, peer.GoAway);
    }

    [Fact]
    public void Enable_push_of_1_from_a_server_ends_the_connection()
    {
        var peer = new RawPeer(loop, againstServer: false).Send(Frame(4, 0, 0, 0, 2, 0, 0, 0, 1));
        Assert.Equal(ErrorCode.ProtocolError, peer.GoAway);
    }

    [Theory]
    [InlineData(1)] // not opened yet
    [InlineData(2)]
    public void Head_on_a_stream_that_was_not_opened_ends_the_connection(int id)
    {
        var peer = new RawPeer(loop, againstServer: false).Send(Frame(1, 5, id, 0x88));
        Assert.Equal(ErrorCode.ProtocolError, peer.GoAway);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 1, 0, 0, 0, 0, 0, 1, 65 })] // DATA before the head
    [InlineData(new byte[] { 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82 })] // :method in a response
    [InlineData(new byte[] { 0, 0, 0, 1, 5, 0, 0, 0, 1 })] // no :status
    [InlineData(new byte[] { 0, 0, 5, 1, 4, 0, 0, 0, 1, 8, 3, (byte)'1', (byte)'0', (byte)'1' })] // 101
    [InlineData(new byte[] { 0, 0, 5, 1, 5, 0, 0, 0, 1, 8, 3, (byte)'1', (byte)'0', (byte)'0' })] // 100 with END_STREAM
    [InlineData(new byte[] { 0, 0, 4, 1, 4, 0, 0, 0, 1, 8, 2, (byte)'2', (byte)'0' })] // two digits
    public void Malformed_response_resets_the_stream(byte[] frame)
    {
        var peer = new RawPeer(loop, againstServer: false);
        var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true));
        peer.Send(frame);
        Assert.Equal([ErrorCode.ProtocolError], peer.Resets(1));
        Assert.Throws<ConnectionBrokenException>(() => loop.Run(async () => await stream.ReadHeadersAsync()));
    }

    [Fact]
    public void Interim_heads_are_passed_over_or_handed_over()
    {
        var peer = new RawPeer(loop, againstServer: false);
        byte[] interim = [8, 3, (byte)'1', (byte)'0', (byte)'3'];
        foreach (bool handOver in new[] { false, true })
        {
            var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true));
            peer.Send(Frame(1, 4, stream.Id, interim)).Send(Frame(1, 5, stream.Id, 0x88));
            loop.Run(async () =>
            {
                if (handOver) Assert.Equal("103", Heads.Text(await stream.ReadHeadersAsync(interim: true), ":status"));
                Assert.Equal("200", Heads.Text(await stream.ReadHeadersAsync(), ":status"));
                stream.Dispose();
            });
        }
    }

    [Fact]
    public void Goaway_refuses_streams_above_the_last_and_lets_the_others_finish()
    {
        var peer = new RawPeer(loop, againstServer: false);
        var (first, second) = loop.Run(async () => (
            await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true),
            await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true)));
        peer.Send(Frame(7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0));
        Assert.True(second.IsRefused);
        Assert.True(second.IsBroken);
        Assert.False(first.IsBroken);
        Assert.False(peer.UnderTest.CanOpen);
        Assert.Throws<ConnectionBrokenException>(() => loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true)));
        peer.Send(Frame(1, 5, 1, 0x88));
        Assert.Equal("200", Heads.Text(loop.Run(async () => await first.ReadHeadersAsync()), ":status"));
        peer.Close();
        Assert.True(peer.Run.IsCompletedSuccessfully);
    }

    [Fact]
    public void Refused_stream_is_marked_safe_to_retry()
    {
        var peer = new RawPeer(loop, againstServer: false);
        var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request(), endStream: true));
        peer.Send(Frame(3, 0, 1, 0, 0, 0, 7));
        Assert.True(stream.IsRefused);
        Assert.Equal(ErrorCode.RefusedStream, stream.ResetCode);
    }

    [Fact]
    public void Response_to_head_may_promise_a_length_without_body()
    {
        var peer = new RawPeer(loop, againstServer: false);
        var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request("HEAD"), endStream: true));
        peer.Send(Frame(1, 5, 1, 0x88, 0x0F, 0x0D, 2, (byte)'4', (byte)'2'));
        Assert.Equal("42", Heads.Text(loop.Run(async () => await stream.ReadHeadersAsync()), "content-length"));
        Assert.False(stream.IsBroken);
    }

    [Fact]
    public void Complete_response_and_no_error_reset_stops_the_upload_and_keeps_the_response()
    {
        var peer = new RawPeer(loop, againstServer: false);
        var stream = loop.Run(async () => await peer.UnderTest.OpenAsync(Heads.Request("POST"), endStream: false));
        peer.Send(Frame(1, 4, 1, 0x88)).Send(Frame(0, 1, 1, (byte)'x')).Send(Frame(3, 0, 1, 0, 0, 0, 0));
        Assert.True(loop.Run(async () => await stream.Output.WriteAsync(new byte[100])).IsCompleted);
        Assert.Equal("x", loop.Run(async () => await Bodies.ReadTextAsync(stream.Input)));
    }
}
