using System.Buffers;
using System.Text;
using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Io;

/// <summary>Streams one after another over one transport.</summary>
public sealed class FramedConnectionTests
{
    private static readonly IpPort Near = IpPort.Parse("10.0.0.1:1");
    private static readonly IpPort Far = IpPort.Parse("10.0.0.2:2");

    private readonly TestLoop loop = new();
    private readonly MemoryConnection clientTransport;
    private readonly MemoryConnection serverTransport;

    public FramedConnectionTests() => (clientTransport, serverTransport) = MemoryConnection.Pair(loop);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Bytes_arrive_however_they_are_split_and_whatever_is_left_unread(int bytesAtATime) => loop.Run(async () =>
    {
        var (near, far) = MemoryConnection.Pair(loop);
        var (client, server) = (new FramedConnection(clientTransport, Near, Far), new FramedConnection(far, Far, Near));
        _ = PumpAsync(serverTransport, near, bytesAtATime);
        foreach (string piece in (string[])["one ", "two ", "three\n", new string('x', 5000), "\nend"]) await client.Output.WriteAsync(Encoding.ASCII.GetBytes(piece));
        await client.Output.CompleteAsync();
        Assert.Equal("one two three\n" + new string('x', 5000) + "\n", await ReadToLastLineAsync(server));
        var rest = await server.Input.ReadAsync();
        while (rest.Buffer.Length < 3)
        {
            server.Input.AdvanceTo(rest.Buffer.Start, rest.Buffer.End);
            rest = await server.Input.ReadAsync();
        }
        Assert.Equal("end", Encoding.ASCII.GetString(rest.Buffer));
    });

    [Fact]
    public void Transport_carries_the_next_stream_when_one_has_ended_both_ways() => loop.Run(async () =>
    {
        for (int i = 0; i < 3; i++)
        {
            var (client, server) = Open();
            await client.Output.WriteAsync("question"u8.ToArray());
            await client.Output.CompleteAsync();
            Assert.Equal("question", await ReadAllAsync(server));
            await server.Output.WriteAsync("answer"u8.ToArray());
            await server.Output.CompleteAsync();
            Assert.Equal("answer", await ReadAllAsync(client));
            await client.DisposeAsync();
            await server.DisposeAsync();
            Assert.True(client.IsReusable && server.IsReusable);
        }
        Assert.False(clientTransport.IsDisposed || serverTransport.IsDisposed);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stream_that_did_not_end_both_ways_takes_its_transport_along(bool completed) => loop.Run(async () =>
    {
        var (client, server) = Open();
        if (completed) await client.Output.CompleteAsync();
        await client.DisposeAsync();
        Assert.True(clientTransport.IsDisposed && !client.IsReusable);
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => ReadAllAsync(server, twice: true));
        Assert.Equal(BreakKind.Reset, error.Kind);
    });

    [Fact]
    public void Transport_that_ends_in_the_middle_breaks_the_stream() => loop.Run(async () =>
    {
        var (client, server) = Open();
        await client.Output.WriteAsync("half"u8.ToArray());
        await clientTransport.Output.CompleteAsync();
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => ReadAllAsync(server));
        Assert.Contains("in the middle of a stream", error.Message);
    });

    [Fact]
    public void Bulk_ends_with_the_transport_and_arrives_whole() => loop.Run(async () =>
    {
        const int total = 5_000_000;
        var (client, server) = Open();
        var receiving = CountAsync(server);
        var chunk = new byte[16 * 1024];
        for (int sent = 0; sent < total; sent += chunk.Length) await client.Output.WriteAsync(chunk.AsMemory(0, Math.Min(chunk.Length, total - sent)));
        await client.Output.CompleteAsync();
        Assert.Equal(total, await receiving);
        await server.Output.WriteAsync("thanks"u8.ToArray());
        await server.Output.CompleteAsync();
        Assert.Equal("thanks", await ReadAllAsync(client));
        await client.DisposeAsync();
        await server.DisposeAsync();
        Assert.False(client.IsReusable || server.IsReusable);
        Assert.True(clientTransport.IsDisposed && serverTransport.IsDisposed);
    });

    [Fact]
    public void Small_writes_before_a_flush_are_one_frame() => loop.Run(async () =>
    {
        var (client, _) = Open();
        for (int i = 0; i < 10; i++) client.Output.Write("0123456789"u8);
        Assert.True(client.Output.UnflushedBytes >= 100);
        await client.Output.FlushAsync();
        var raw = await serverTransport.Input.ReadAsync();
        Assert.Equal(104, raw.Buffer.Length);
        Assert.Equal("\0\0\0d"u8.ToArray(), raw.Buffer.Slice(0, 4).ToArray());
    });

    [Fact]
    public void Bulk_in_several_pieces_is_one_frame_and_read_at_once() => loop.Run(async () =>
    {
        var (client, server) = Open();
        client.Output.Write("open"u8);
        var pieces = new Piece(new byte[16_000]);
        await client.Output.WriteSequenceAsync(new ReadOnlySequence<byte>(pieces, 0, pieces.Then(new byte[16_000]).Then(new byte[5]), 5));
        var first = await server.Input.ReadAsync();
        Assert.Equal(4, first.Buffer.Length);
        server.Input.AdvanceTo(first.Buffer.End);
        var bulk = await server.Input.ReadAsync();
        Assert.Equal(32_005, bulk.Buffer.Length);
        server.Input.AdvanceTo(bulk.Buffer.End);
        await client.Output.CompleteAsync();
        Assert.Equal("", await ReadAllAsync(server));
    });

    // An owner that waits for a whole head gets the same bytes again otherwise, for ever, on its loop.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void End_of_the_transport_is_told_to_an_owner_that_waits_for_more(bool toTheEnd) => loop.Run(async () =>
    {
        serverTransport.Output.Write(toTheEnd ? [255, 255, 255, 255] : [0, 0, 0, 9]);
        serverTransport.Output.Write("part"u8);
        await serverTransport.Output.CompleteAsync();
        var stream = new FramedConnection(clientTransport, Near, Far);
        var read = await stream.Input.ReadAsync();
        for (int i = 0; i < 3 && !read.IsCompleted; i++)
        {
            Assert.Equal("part", Encoding.ASCII.GetString(read.Buffer));
            stream.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (!toTheEnd && i > 0) Assert.Fail("the end is not told");
            try
            {
                read = await stream.Input.ReadAsync();
            }
            catch (ConnectionBrokenException) when (!toTheEnd)
            {
                return;
            }
        }
        Assert.Equal(("part", true), (Encoding.ASCII.GetString(read.Buffer), read.IsCompleted));
    });

    [Fact]
    public void Frame_that_is_too_long_is_refused() => loop.Run(async () =>
    {
        var (_, server) = Open();
        await clientTransport.Output.WriteAsync("GET / HT"u8.ToArray());
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => ReadAllAsync(server));
        Assert.Contains("more than is allowed", error.Message);
    });

    [Fact]
    public void Reset_behind_the_stream_is_told_while_nobody_reads_and_not_to_the_stream_before() => loop.Run(async () =>
    {
        int told = 0, toldBefore = 0;
        var (client, before) = Open();
        before.OnBroken = () => toldBefore++;
        await client.Output.CompleteAsync();
        await ReadAllAsync(before);
        await before.Output.CompleteAsync();
        await ReadAllAsync(client);
        await client.DisposeAsync();
        await before.DisposeAsync();

        var (next, server) = Open();
        server.OnBroken = () => told++;
        next.Abort();
        for (int turns = 0; turns < 100 && told == 0; turns++) await Task.Yield();
        Assert.Equal((1, 0), (told, toldBefore));
    });

    [Fact]
    public void Waiting_read_can_be_cancelled_and_goes_on() => loop.Run(async () =>
    {
        var (client, server) = Open();
        var reading = server.Input.ReadAsync();
        Assert.False(reading.IsCompleted);
        server.Input.CancelPendingRead();
        var canceled = await reading;
        Assert.True(canceled.IsCanceled && canceled.Buffer.IsEmpty);
        server.Input.AdvanceTo(canceled.Buffer.Start, canceled.Buffer.End);
        await client.Output.WriteAsync("later"u8.ToArray());
        Assert.Equal("later", Encoding.ASCII.GetString((await server.Input.ReadAsync()).Buffer));
    });

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, long start = 0) => (Memory, RunningIndex) = (bytes, start);

        public Piece Then(byte[] bytes)
        {
            var next = new Piece(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    private (FramedConnection Client, FramedConnection Server) Open() =>
        (new FramedConnection(clientTransport, Near, Far), new FramedConnection(serverTransport, Far, Near));

    /// <summary>A network that brings so many bytes at a time.</summary>
    private static async Task PumpAsync(Connection from, Connection to, int bytesAtATime)
    {
        while (true)
        {
            var read = await from.Input.ReadAsync();
            var piece = read.Buffer.Slice(0, Math.Min(bytesAtATime, read.Buffer.Length));
            await to.Output.WriteAsync(piece.ToArray());
            from.Input.AdvanceTo(piece.End);
            await Task.Yield();
        }
    }

    /// <summary>As a parser of lines does: takes nothing until it has seen the second line's end.</summary>
    private static async Task<string> ReadToLastLineAsync(Connection connection)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            string text = Encoding.ASCII.GetString(read.Buffer);
            int last = text.LastIndexOf('\n');
            if (text.Count('\n') == 2)
            {
                connection.Input.AdvanceTo(read.Buffer.GetPosition(last + 1));
                return text[..(last + 1)];
            }
            Assert.False(read.IsCompleted);
            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async Task<string> ReadAllAsync(Connection connection, bool twice = false)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            text.Append(Encoding.ASCII.GetString(read.Buffer));
            connection.Input.AdvanceTo(read.Buffer.End);
            if (!read.IsCompleted) continue;
            if (!twice) return text.ToString();
            await connection.Output.WriteAsync("probe"u8.ToArray());
            await Task.Yield();
        }
    }

    private static async Task<long> CountAsync(Connection connection)
    {
        for (long count = 0; ;)
        {
            var read = await connection.Input.ReadAsync();
            count += read.Buffer.Length;
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return count;
        }
    }
}
