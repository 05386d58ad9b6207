using System.Text;
using Mesh.Http.Http2;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Conformance.Http2;

/// <summary>For each rule of RFC 9113 that a peer can break with frames: the code and the extent (connection or stream) of the error.</summary>
public class FrameRuleTests
{
    // :method GET, :scheme https, :path /, :authority a
    private static readonly byte[] Get = [0x82, 0x87, 0x84, 0x41, 0x01, (byte)'a'];
    private const byte Data = 0, Headers = 1, Priority = 2, Rst = 3, Settings = 4, Push = 5, Ping = 6, GoAwayFrame = 7, Window = 8, Continuation = 9;
    private const byte EndStream = 1, EndHeaders = 4, Padded = 8, PriorityFlag = 32;

    public static TheoryData<string, ErrorCode, byte[]> ConnectionErrors => new()
    {
        { "DATA on stream 0 (6.1)", ErrorCode.ProtocolError, Frame(Data, 0, 0, 1) },
        { "DATA on an idle stream (5.1)", ErrorCode.ProtocolError, Frame(Data, 0, 1, 1) },
        { "DATA with padding as long as the payload (6.1)", ErrorCode.ProtocolError, Join(Open(1), Frame(Data, Padded, 1, 3, 0, 0)) },
        { "padded DATA without pad length (6.1)", ErrorCode.FrameSizeError, Join(Open(1), Frame(Data, Padded, 1)) },
        { "HEADERS on stream 0 (6.2)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 0, Get) },
        { "HEADERS on an even stream (5.1.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 2, Get) },
        { "HEADERS on a lower stream than before (5.1.1)", ErrorCode.StreamClosed, Join(Open(5), Frame(Headers, EndHeaders | EndStream, 3, Get)) },
        { "HEADERS with padding beyond the payload (6.2)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders | Padded, 1, [7, .. Get]) },
        { "HEADERS too short for priority (6.2)", ErrorCode.FrameSizeError, Frame(Headers, EndHeaders | PriorityFlag, 1, 0, 0, 0) },
        { "HEADERS that HPACK cannot read (4.3)", ErrorCode.CompressionError, Frame(Headers, EndHeaders, 1, 0x80) },
        { "PRIORITY on stream 0 (6.3)", ErrorCode.ProtocolError, Frame(Priority, 0, 0, 0, 0, 0, 0, 0) },
        { "PRIORITY of 4 bytes (6.3)", ErrorCode.FrameSizeError, Frame(Priority, 0, 1, 0, 0, 0, 0) },
        { "PRIORITY of a stream that depends on itself (RFC 7540 5.3.1)", ErrorCode.ProtocolError, Frame(Priority, 0, 1, 0x80, 0, 0, 1, 7) },
        { "HEADERS of a stream that depends on itself (RFC 7540 5.3.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders | PriorityFlag, 1, [0, 0, 0, 1, 7, .. Get]) },
        { "RST_STREAM on stream 0 (6.4)", ErrorCode.ProtocolError, Frame(Rst, 0, 0, 0, 0, 0, 8) },
        { "RST_STREAM on an idle stream (6.4)", ErrorCode.ProtocolError, Frame(Rst, 0, 1, 0, 0, 0, 8) },
        { "RST_STREAM of 3 bytes (6.4)", ErrorCode.FrameSizeError, Join(Open(1), Frame(Rst, 0, 1, 0, 0, 8)) },
        { "SETTINGS on a stream (6.5)", ErrorCode.ProtocolError, Frame(Settings, 0, 1) },
        { "SETTINGS acknowledgment with a payload (6.5)", ErrorCode.FrameSizeError, Frame(Settings, 1, 0, 0, 0, 0, 0, 0, 0) },
        { "SETTINGS of 5 bytes (6.5)", ErrorCode.FrameSizeError, Frame(Settings, 0, 0, 0, 3, 0, 0, 0) },
        { "SETTINGS_ENABLE_PUSH of 2 (6.5.2)", ErrorCode.ProtocolError, Frame(Settings, 0, 0, 0, 2, 0, 0, 0, 2) },
        { "SETTINGS_INITIAL_WINDOW_SIZE of 2^31 (6.5.2)", ErrorCode.FlowControlError, Frame(Settings, 0, 0, 0, 4, 0x80, 0, 0, 0) },
        { "SETTINGS_MAX_FRAME_SIZE of 16383 (6.5.2)", ErrorCode.ProtocolError, Frame(Settings, 0, 0, 0, 5, 0, 0, 0x3F, 0xFF) },
        { "SETTINGS_MAX_FRAME_SIZE of 2^24 (6.5.2)", ErrorCode.ProtocolError, Frame(Settings, 0, 0, 0, 5, 1, 0, 0, 0) },
        { "initial window that overflows a stream's (6.9.2)", ErrorCode.FlowControlError,
            Join(Open(1), Frame(Window, 0, 1, 0x7F, 0xFF, 0, 0), Frame(Settings, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF)) },
        { "PUSH_PROMISE from a client (8.4)", ErrorCode.ProtocolError, Frame(Push, EndHeaders, 1, 0, 0, 0, 2) },
        { "PING on a stream (6.7)", ErrorCode.ProtocolError, Frame(Ping, 0, 1, new byte[8]) },
        { "PING of 7 bytes (6.7)", ErrorCode.FrameSizeError, Frame(Ping, 0, 0, new byte[7]) },
        { "GOAWAY on a stream (6.8)", ErrorCode.ProtocolError, Frame(GoAwayFrame, 0, 1, new byte[8]) },
        { "GOAWAY of 7 bytes (6.8)", ErrorCode.FrameSizeError, Frame(GoAwayFrame, 0, 0, new byte[7]) },
        { "WINDOW_UPDATE of 5 bytes (6.9)", ErrorCode.FrameSizeError, Frame(Window, 0, 0, new byte[5]) },
        { "WINDOW_UPDATE of 0 on the connection (6.9)", ErrorCode.ProtocolError, Frame(Window, 0, 0, 0, 0, 0, 0) },
        { "WINDOW_UPDATE beyond 2^31-1 on the connection (6.9.1)", ErrorCode.FlowControlError, Frame(Window, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF) },
        { "WINDOW_UPDATE on an idle stream (5.1)", ErrorCode.ProtocolError, Frame(Window, 0, 1, 0, 0, 0, 1) },
        { "CONTINUATION without HEADERS (6.10)", ErrorCode.ProtocolError, Frame(Continuation, EndHeaders, 1, Get) },
        { "CONTINUATION of another stream (6.10)", ErrorCode.ProtocolError, Join(Frame(Headers, 0, 1, Get), Frame(Continuation, EndHeaders, 3)) },
        { "DATA inside a header block (6.2)", ErrorCode.ProtocolError, Join(Frame(Headers, 0, 1, Get), Frame(Data, 0, 1, 1)) },
        { "unknown frame inside a header block (5.5)", ErrorCode.ProtocolError, Join(Frame(Headers, 0, 1, Get), Frame(0x42, 0, 1, 1)) },
        { "frame larger than announced (4.2)", ErrorCode.FrameSizeError, [0x10, 0, 1, Data, 0, 0, 0, 0, 1] },
        { "SETTINGS larger than anybody needs", ErrorCode.EnhanceYourCalm, [0x08, 0, 4, Settings, 0, 0, 0, 0, 0] },
        { "HEADERS on a stream that both sides have closed (5.1)", ErrorCode.StreamClosed,
            Join(Open(1, EndStream), Frame(Rst, 0, 1, 0, 0, 0, 8), Frame(Headers, EndHeaders | EndStream, 1, Get)) },
    };

    public static TheoryData<string, ErrorCode, byte[]> StreamErrors => new()
    {
        { "DATA after END_STREAM (5.1)", ErrorCode.StreamClosed, Join(Open(1, EndStream), Frame(Data, 0, 1, 1)) },
        { "HEADERS after END_STREAM (5.1)", ErrorCode.StreamClosed, Join(Open(1, EndStream), Frame(Headers, EndHeaders | EndStream, 1, Get)) },
        { "trailers without END_STREAM (8.1)", ErrorCode.ProtocolError, Join(Open(1), Frame(Headers, EndHeaders, 1)) },
        { "pseudo-header field in trailers (8.1)", ErrorCode.ProtocolError, Join(Open(1), Frame(Headers, EndHeaders | EndStream, 1, 0x82)) },
        { "WINDOW_UPDATE of 0 (6.9)", ErrorCode.ProtocolError, Join(Open(1), Frame(Window, 0, 1, 0, 0, 0, 0)) },
        { "WINDOW_UPDATE beyond 2^31-1 (6.9.1)", ErrorCode.FlowControlError, Join(Open(1), Frame(Window, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF)) },
        { "body longer than content-length (8.1.1)", ErrorCode.ProtocolError,
            Join(Request(EndHeaders, ("content-length", "1")), Frame(Data, 0, 1, 1, 2)) },
        { "body shorter than content-length (8.1.1)", ErrorCode.ProtocolError,
            Join(Request(EndHeaders, ("content-length", "3")), Frame(Data, EndStream, 1, 1, 2)) },
        { "no body but content-length (8.1.1)", ErrorCode.ProtocolError, Request(EndHeaders | EndStream, ("content-length", "3")) },
        { "two different content-lengths", ErrorCode.ProtocolError, Request(EndHeaders, ("content-length", "3"), ("content-length", "4")) },
        { "content-length with a sign", ErrorCode.ProtocolError, Request(EndHeaders, ("content-length", "+3")) },
        { "upper-case name (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("X-A", "1")) },
        { "name with a space (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("x a", "1")) },
        { "name with a colon inside (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("x:a", "1")) },
        { "empty name", ErrorCode.ProtocolError, Request(EndHeaders, ("", "1")) },
        { "value with a line feed (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("x-a", "1\nx: y")) },
        { "value with NUL (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("x-a", "1\0")) },
        { "value that begins with a space (8.2.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("x-a", " 1")) },
        { "connection field (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("connection", "close")) },
        { "transfer-encoding field (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("transfer-encoding", "chunked")) },
        { "upgrade field (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("upgrade", "h2c")) },
        { "keep-alive field (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("keep-alive", "1")) },
        { "proxy-connection field (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("proxy-connection", "close")) },
        { "te other than trailers (8.2.2)", ErrorCode.ProtocolError, Request(EndHeaders, ("te", "gzip")) },
        { "unknown pseudo-header field (8.3)", ErrorCode.ProtocolError, Request(EndHeaders, (":x", "1")) },
        { ":status in a request (8.3)", ErrorCode.ProtocolError, Request(EndHeaders, (":status", "200")) },
        { ":method twice (8.3)", ErrorCode.ProtocolError, Request(EndHeaders, (":method", "GET")) },
        { "pseudo-header field after a regular one (8.3)", ErrorCode.ProtocolError,
            Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":scheme", "https"), ("x", "y"), (":path", "/"))) },
        { "no :method (8.3.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 1, Block((":scheme", "https"), (":path", "/"))) },
        { "no :scheme (8.3.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":path", "/"))) },
        { "another :scheme (8.3.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":scheme", "http://b/x?"), (":path", "/"))) },
        { "no :path (8.3.1)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":scheme", "https"))) },
        { "empty :path (8.3.1)", ErrorCode.ProtocolError,
            Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":scheme", "https"), (":path", ""))) },
        { ":path without slash (8.3.1)", ErrorCode.ProtocolError,
            Frame(Headers, EndHeaders, 1, Block((":method", "GET"), (":scheme", "https"), (":path", "x"))) },
        { "host that differs from :authority (8.3.1)", ErrorCode.ProtocolError, Request(EndHeaders, ("host", "b")) },
        { "CONNECT with :path (8.5)", ErrorCode.ProtocolError,
            Frame(Headers, EndHeaders, 1, Block((":method", "CONNECT"), (":authority", "a:1"), (":path", "/"))) },
        { "CONNECT with a content-length (RFC 9110 9.3.6)", ErrorCode.ProtocolError,
            Frame(Headers, EndHeaders, 1, Block((":method", "CONNECT"), (":authority", "a:1"), ("content-length", "5"))) },
        { "CONNECT without :authority (8.5)", ErrorCode.ProtocolError, Frame(Headers, EndHeaders, 1, Block((":method", "CONNECT"))) },
    };

    [Theory]
    [MemberData(nameof(ConnectionErrors))]
    public void Connection_ends_with_the_code(string rule, ErrorCode code, byte[] bytes)
    {
        var peer = new RawPeer(new TestLoop()).Send(bytes);
        Assert.True(peer.GoAway == code, $"{rule}: GOAWAY {peer.GoAway}, expected {code}");
        Assert.False(peer.UnderTest.IsOpen);
        peer.Close();
        Assert.True(peer.Run.IsCompletedSuccessfully);
    }

    [Theory]
    [MemberData(nameof(ConnectionErrors))]
    public void Connection_error_is_the_same_when_bytes_come_one_by_one(string rule, ErrorCode code, byte[] bytes)
    {
        var peer = new RawPeer(new TestLoop()).SendByteByByte(bytes);
        Assert.True(peer.GoAway == code, $"{rule}: GOAWAY {peer.GoAway}, expected {code}");
    }

    [Theory]
    [MemberData(nameof(StreamErrors))]
    public void Stream_ends_with_the_code_and_the_connection_lives(string rule, ErrorCode code, byte[] bytes)
    {
        var peer = new RawPeer(new TestLoop()).Send(bytes);
        Assert.True(peer.Resets(1).Contains(code), $"{rule}: resets {string.Join(",", peer.Resets(1))}, GOAWAY {peer.GoAway}, expected {code}");
        Assert.True(peer.UnderTest.IsOpen, rule);
        peer.Send(Frame(Headers, EndHeaders | EndStream, 3, Get));
        Assert.Equal(1, peer.UnderTest.ActiveStreams);
    }

    [Theory]
    [InlineData(Headers)]
    [InlineData(Data)]
    [InlineData(Window)]
    [InlineData(Rst)]
    [InlineData(Priority)]
    public void Frames_for_a_stream_that_was_reset_here_are_ignored(byte type)
    {
        var loop = new TestLoop();
        var peer = new RawPeer(loop).Send(Open(1));
        loop.Run(async () => (await peer.UnderTest.AcceptAsync())!.Reset(ErrorCode.Cancel));
        byte[] payload = type switch { Headers => [0x82], Data => [1], Priority => new byte[5], _ => [0, 0, 0, 1] };
        peer.Send(Frame(type, type == Headers ? (byte)(EndHeaders | EndStream) : (byte)0, 1, payload));
        Assert.Single(peer.Resets(1));
        Assert.True(peer.UnderTest.IsOpen);
    }

    [Fact]
    public void Unknown_frames_settings_and_flags_are_ignored()
    {
        var peer = new RawPeer(new TestLoop())
            .Send(Frame(0x42, 0xFF, 7, new byte[100]))
            .Send(Frame(Settings, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4))
            .Send(Frame(Ping, 0xFE, 0, 1, 2, 3, 4, 5, 6, 7, 8));
        Assert.True(peer.UnderTest.IsOpen);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], peer.Received.Last(frame => frame.Type == Ping).Payload);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nhost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")]
    public void Wrong_preface_ends_the_connection(string text)
    {
        var peer = new RawPeer(new TestLoop(), handshake: false).Send(Encoding.ASCII.GetBytes(text));
        Assert.Equal(ErrorCode.ProtocolError, peer.GoAway);
    }

    [Fact]
    public void First_frame_other_than_settings_ends_the_connection()
    {
        var peer = new RawPeer(new TestLoop(), handshake: false).Send([.. Preface.Bytes, .. Frame(Ping, 0, 0, new byte[8])]);
        Assert.Equal(ErrorCode.ProtocolError, peer.GoAway);
    }

    private static byte[] Open(int id, byte flags = 0) => Frame(Headers, (byte)(EndHeaders | flags), id, Get);

    private static byte[] Request(int flags, params (string Name, string Value)[] more) => Frame(Headers, (byte)flags, 1, [.. Get, .. Block(more)]);

    /// <summary>Literal fields without Huffman coding or indexing: any bytes at all.</summary>
    private static byte[] Block(params (string Name, string Value)[] fields) =>
        Join([.. fields.Select(field => (byte[])[
            0, (byte)field.Name.Length, .. Encoding.Latin1.GetBytes(field.Name), (byte)field.Value.Length, .. Encoding.Latin1.GetBytes(field.Value)])]);

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
