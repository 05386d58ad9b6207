using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Io.Buffers;
using Mesh.Io.Epoll;

namespace Mesh.Tests.Unit.Io;

/// <summary>Writes of which the kernel takes a part: no byte is lost, doubled or moved, wherever the cut falls. The receiver takes nothing until a
/// write is left waiting, so that the kernel's own buffers make the cuts; sizes are random, from a seed.</summary>
public sealed class PartialWriteTests : IDisposable
{
    private readonly List<Exception> escaped = [];
    private readonly EpollLoop loop;
    private readonly EpollSocketFactory sockets = new();

    public PartialWriteTests() => loop = new EpollLoop("test", 0, TimeProvider.System, escaped.Add);

    public void Dispose()
    {
        loop.Dispose();
        Assert.Empty(escaped);
    }

    [Theory]
    [InlineData(1, 24)]
    [InlineData(2, 24)]
    [InlineData(3, 4)]
    [InlineData(4, 4)]
    [InlineData(5, 40)]
    public Task Sequence_behind_buffered_bytes_arrives_once_and_in_order(int seed, int maxPieces) => RunAsync(async (sender, receiver) =>
    {
        var random = new Random(seed);
        int cuts = 0;
        long sent = 0, received = 0;
        while (sent < 24 * 1024 * 1024)
        {
            sent += Buffer(sender.Output, random.Next(3) == 0 ? random.Next(40_000) : 0, sent);
            var (sequence, blocks) = Sequence(random.Next(1, maxPieces), sent, random, foreign: random.Next(4) == 0);
            sent += sequence.Length;
            var write = sender.Output.WriteSequenceAsync(sequence);
            // What is not taken must have been copied: the blocks may be used again at once.
            foreach (var block in blocks)
            {
                block.FreeSpan.Clear();
                block.Reset();
                block.FreeSpan.Fill(0xEE);
                loop.Buffers.Return(block);
            }
            while (!write.IsCompleted)
            {
                cuts++;
                received = await TakeAsync(receiver, received, random.Next(1, 200_000));
            }
            await write;
        }
        await sender.Output.CompleteAsync();
        while (received < sent) received = await TakeAsync(receiver, received, int.MaxValue);
        Assert.True((await receiver.Input.ReadAsync()).IsCompleted);
        Assert.True(cuts > 10, $"only {cuts} writes were cut: the receiver was too fast for the test to mean anything");
    });

    /// <summary>Writes into the connection's own blocks, unflushed.</summary>
    private static int Buffer(PipeWriter output, int bytes, long position)
    {
        for (int left = bytes; left > 0;)
        {
            var room = output.GetSpan(1);
            int count = Math.Min(room.Length, left);
            for (int i = 0; i < count; i++) room[i] = At(position++);
            output.Advance(count);
            left -= count;
        }
        return bytes;
    }

    /// <param name="foreign">With a piece of ordinary memory in the middle, which the writer must copy.</param>
    private (ReadOnlySequence<byte> Sequence, List<BufferBlock> Blocks) Sequence(int pieces, long position, Random random, bool foreign)
    {
        var blocks = new List<BufferBlock>();
        for (int i = 0; i < pieces; i++)
        {
            var block = loop.Buffers.Rent();
            int count = random.Next(1, 16_000);
            for (int at = 0; at < count; at++) block.FreeSpan[at] = At(position++);
            block.End = count;
            if (blocks.Count > 0) blocks[^1].Append(block);
            blocks.Add(block);
        }
        if (!foreign) return (new ReadOnlySequence<byte>(blocks[0], 0, blocks[^1], blocks[^1].End), blocks);
        byte[] copy = new ReadOnlySequence<byte>(blocks[0], 0, blocks[^1], blocks[^1].End).ToArray();
        var first = new Foreign(copy.AsMemory(0, copy.Length / 2), 0);
        var second = new Foreign(copy.AsMemory(copy.Length / 2), copy.Length / 2);
        first.Chain(second);
        return (new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length), blocks);
    }

    private static async Task<long> TakeAsync(Connection receiver, long received, int atMost)
    {
        var read = await receiver.Input.ReadAsync();
        var taken = read.Buffer.Slice(0, Math.Min(atMost, read.Buffer.Length));
        foreach (var part in taken)
        {
            foreach (byte value in part.Span)
            {
                if (value != At(received)) Assert.Fail($"byte {received} is {value}, not {At(received)}");
                received++;
            }
        }
        receiver.Input.AdvanceTo(taken.End);
        return received;
    }

    /// <summary>Tells positions apart over more than a block.</summary>
    private static byte At(long position) => (byte)(position * 31 + (position >> 8) * 17 + (position >> 16));

    private async Task RunAsync(Func<Connection, Connection, Task> test)
    {
        var accepted = new TaskCompletionSource<Connection>();
        using var listener = sockets.Listen(new(Ip.LoopbackV4, 0), [loop], ListenOptions.Default, accepted.SetResult);
        await loop.RunAsync(async () =>
        {
            await using var sender = await sockets.ConnectAsync(loop, listener.Address, new ConnectOptions(TimeSpan.FromSeconds(5)));
            await using var receiver = await accepted.Task;
            await test(sender, receiver);
        }).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, loop.Buffers.Outstanding);
    }

    private sealed class Foreign : ReadOnlySequenceSegment<byte>
    {
        public Foreign(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public void Chain(Foreign next) => Next = next;
    }
}
