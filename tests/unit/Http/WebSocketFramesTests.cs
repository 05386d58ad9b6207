using System.Buffers;
using Mesh.Http;

namespace Mesh.Tests.Unit.Http;

public sealed class WebSocketFramesTests
{
    // A small unmasked text, an empty ping, a masked frame with a two-byte length, one with an eight-byte length.
    private static readonly byte[][] frames =
    [
        [0x81, 0x02, 1, 2],
        [0x89, 0x00],
        [0x02, 0xFE, 0x00, 0xC8, 9, 9, 9, 9, .. new byte[200]],
        [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0, .. new byte[65536]],
    ];

    [Fact]
    public void Ends_of_frames_are_found_at_every_byte()
    {
        byte[] all = [.. frames.SelectMany(static f => f)];
        var ends = new HashSet<int>();
        int sum = 0;
        foreach (byte[] frame in frames) ends.Add(sum += frame.Length);
        var reader = new WebSocketFrames();
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(1, reader.Read(new ReadOnlySequence<byte>(all, i, 1)));
            Assert.Equal(ends.Contains(i + 1), reader.IsBetweenFrames);
        }
    }

    [Fact]
    public void Reading_stops_where_the_frame_under_way_ends()
    {
        byte[] all = [.. frames.SelectMany(static f => f)];
        var reader = new WebSocketFrames();
        reader.Read(new ReadOnlySequence<byte>(all, 0, 10));
        Assert.Equal(frames[2].Length - 4, reader.Read(new ReadOnlySequence<byte>(all, 10, all.Length - 10), stopAtFrame: true));
        Assert.True(reader.IsBetweenFrames);
        Assert.Equal(0, reader.Read(new ReadOnlySequence<byte>(all), stopAtFrame: true));
    }

    [Fact]
    public void Close_frame_says_going_away()
    {
        byte[] frame = new byte[8];
        Assert.Equal(4, WebSocketFrames.WriteGoingAway(null, frame));
        Assert.Equal<byte>([0x88, 2, 0x03, 0xE9], frame[..4]);
        Assert.Equal(8, WebSocketFrames.WriteGoingAway(0x01020304, frame));
        Assert.Equal<byte>([0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xE9 ^ 2], frame);
    }
}
