using System.Buffers;
using System.Text;
using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Kit.Connections;
using Mesh.Proxy.Tunnels;

namespace Mesh.Tests.Unit.Tunnels;

/// <summary>How a stream of a direct tunnel begins, in two pieces at every byte and byte by byte, in one frame and in many.</summary>
public sealed class DirectHeadTests
{
    private static readonly IpPort application = IpPort.Parse("10.0.0.1:8080");
    private static readonly byte[] open = [0, 18, .. new byte[10], 255, 255, 10, 0, 0, 1, 0x1F, 0x90, .. "first"u8];
    private static readonly byte[] answer = [0, 6, 1, 0xF7, .. "away"u8, .. "first"u8];

    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public void Opening_and_answer_are_read_wherever_they_are_split(int frameBytes)
    {
        byte[] opening = Frames(open, frameBytes), answering = Frames(answer, frameBytes);
        for (int at = 0; at <= opening.Length; at++) Assert.Equal((application, "first"), ReadOpen([opening[..at], opening[at..]]));
        Assert.Equal((application, "first"), ReadOpen([.. opening.Select(static one => new[] { one })]));
        for (int at = 0; at <= answering.Length; at++) Assert.Equal((new DirectAnswer(503, "away"), "first"), Ask([answering[..at], answering[at..]]));
        Assert.Equal((new DirectAnswer(503, "away"), "first"), Ask([.. answering.Select(static one => new[] { one })]));
    }

    [Fact]
    public void Every_part_of_an_opening_is_refused_when_the_stream_ends()
    {
        for (int length = 0; length < 20; length++)
        {
            byte[] part = Frames(open[..length], 100);
            Assert.Throws<ConnectionBrokenException>(() => ReadOpen([part]));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 17 })]
    [InlineData(new byte[] { 0x10, 1 })]
    [InlineData(new byte[] { 255, 255 })]
    public void Length_that_cannot_be_is_refused_before_the_rest_has_come(byte[] prefix)
    {
        var loop = new TestLoop();
        var (near, far) = MemoryConnection.Pair(loop);
        near.Output.Write(Frames(prefix, 100));
        _ = near.Output.FlushAsync();
        Assert.Throws<ConnectionBrokenException>(() => loop.Run(async () => { await DirectHead.ReadOpenAsync(Stream(far)); }));
    }

    private static (IpPort, string) ReadOpen(byte[][] pieces) => Hear(pieces, static async stream => await DirectHead.ReadOpenAsync(stream));

    private static (DirectAnswer, string) Ask(byte[][] pieces) => Hear(pieces, static async stream => await DirectHead.AskAsync(stream, application));

    private static (T, string) Hear<T>(byte[][] pieces, Func<FramedConnection, Task<T>> read)
    {
        var loop = new TestLoop();
        var (near, far) = MemoryConnection.Pair(loop);
        return loop.Run(async () =>
        {
            var hearing = HearAsync(Stream(far), read);
            foreach (byte[] piece in pieces)
            {
                await near.Output.WriteAsync(piece);
                for (int turns = 0; turns < 3; turns++) await Task.Yield();
            }
            await near.Output.CompleteAsync();
            return await hearing;
        });
    }

    private static async Task<(T, string)> HearAsync<T>(FramedConnection stream, Func<FramedConnection, Task<T>> read)
    {
        var head = await read(stream);
        var next = await stream.Input.ReadAtLeastAsync(5);
        return (head, Encoding.ASCII.GetString(next.Buffer));
    }

    private static FramedConnection Stream(MemoryConnection transport) => new(transport, transport.LocalAddress, transport.RemoteAddress);

    private static byte[] Frames(byte[] data, int frameBytes) => [.. data.Chunk(frameBytes).SelectMany(static part => (byte[])[0, 0, 0, (byte)part.Length, .. part])];
}
