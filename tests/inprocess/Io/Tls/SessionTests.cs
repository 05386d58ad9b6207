using System.IO.Pipelines;
using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Io.Tls.Native;

namespace Mesh.Tests.InProcess.Io.Tls;

public sealed class SessionTests
{
    private const int UpdateRequested = 1; // SSL_KEY_UPDATE_REQUESTED
    private readonly TlsPair pair = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Handshake_and_data_survive_any_split(int bytesAtATime)
    {
        pair.BytesAtATime = bytesAtATime;
        pair.Run(async (client, server) =>
        {
            await client.SendAsync(new string('a', 3000));
            Assert.Equal(new string('a', 3000), await server.ReceiveAsync(3000));
            await server.SendAsync("answer");
            Assert.Equal("answer", await client.ReceiveAsync(6));
        });
    }

    [Fact]
    public void Single_byte_writes_arrive_in_order() => pair.Run(async (client, server) =>
    {
        var receiving = server.ReceiveAsync(1000);
        for (int i = 0; i < 1000; i++) await client.SendAsync(((char)('a' + i % 26)).ToString());
        string text = await receiving;
        for (int i = 0; i < 1000; i++) Assert.Equal('a' + i % 26, text[i]);
    });

    [Fact]
    public void Writes_before_a_flush_share_one_record() => pair.Run(async (client, server) =>
    {
        Assert.Equal(0, RawBytesWaiting());
        for (int i = 0; i < 10; i++)
        {
            client.Output.GetSpan(10)[..10].Fill((byte)'x');
            client.Output.Advance(10);
        }
        Assert.Equal(100, client.Output.UnflushedBytes);
        await client.Output.FlushAsync();
        Assert.Equal(100 + 22, RawBytesWaiting());
        Assert.Equal(new string('x', 100), await server.ReceiveAsync(100));
    });

    [Fact]
    public void Megabytes_arrive_whole_through_a_small_network_buffer() => pair.Run(async (client, server) =>
    {
        var payload = new byte[5_000_000];
        new Random(7).NextBytes(payload);
        var receiving = server.ReceiveAllAsync();
        for (int at = 0; at < payload.Length;)
        {
            int count = Math.Min(payload.Length - at, 1 + at % 70_000);
            await client.Output.WriteAsync(payload.AsMemory(at, count));
            at += count;
        }
        await client.Output.CompleteAsync();
        Assert.Equal(payload, await receiving);
    });

    [Fact]
    public void Either_side_can_close_first_while_the_other_goes_on() => pair.Run(async (client, server) =>
    {
        await client.SendAsync("question");
        await client.Output.CompleteAsync();
        Assert.Equal("question", Encoding.ASCII.GetString(await server.ReceiveAllAsync()));
        await server.SendAsync("late answer");
        await server.Output.CompleteAsync();
        Assert.Equal("late answer", Encoding.ASCII.GetString(await client.ReceiveAllAsync()));
        await client.DisposeAsync();
        await server.DisposeAsync();
        Assert.Equal(0, pair.Loop.Buffers.Outstanding);
    });

    [Fact]
    public void Stream_cut_without_close_notify_gives_its_data_and_then_breaks() => pair.Run(async (client, server) =>
    {
        await client.SendAsync("half a mess");
        await pair.ClientSide.Output.CompleteAsync();
        Assert.Equal("half a mess", await server.ReceiveAsync(11));
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await server.Input.ReadAsync());
        Assert.Equal(BreakKind.Tls, error.Kind);
        Assert.Contains("without close_notify", error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Garbage_in_the_stream_breaks_it_and_tells_the_peer() => pair.Run(async (client, server) =>
    {
        await pair.ClientSide.Output.WriteAsync(new byte[] { 23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 });
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await server.Input.ReadAsync());
        Assert.Equal(BreakKind.Tls, error.Kind);
        error = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.Input.ReadAsync());
        Assert.Contains("bad record mac", error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Key_is_renewed_after_so_many_records() => pair.Run(async (client, server) =>
    {
        ((OpenSslConnection)client).Session.RecordsPerKey = 3;
        for (int i = 0; i < 20; i++)
        {
            await client.SendAsync("message");
            bool renewed = RawBytesWaiting() > 7 + 22;
            Assert.Equal(i % 3 == 2, renewed);
            Assert.Equal("message", await server.ReceiveAsync(7));
        }
        await server.SendAsync("and back");
        Assert.Equal("and back", await client.ReceiveAsync(8));
    });

    [Fact]
    public void Peer_that_demands_new_keys_without_end_and_reads_nothing_is_cut_off() => pair.Run(async (client, server) =>
    {
        var discarding = server.ReceiveAllAsync();
        nint peer = ((OpenSslConnection)client).Session.DangerousGetHandle();
        int demands = 0;
        var demanding = Assert.ThrowsAsync<ConnectionBrokenException>(async () =>
        {
            for (; demands < 50_000; demands++)
            {
                Libssl.SSL_key_update(peer, UpdateRequested);
                await client.SendAsync("x");
            }
        });
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => discarding);
        Assert.Contains("demands key updates but reads no answers", error.Message, StringComparison.Ordinal);
        await demanding;
        Assert.InRange(demands, 2000, 10_000);
    });

    [Fact]
    public void Abort_breaks_pending_and_later_operations_on_both_ends() => pair.Run(async (client, server) =>
    {
        var reading = client.Input.ReadAsync();
        var remote = server.Input.ReadAsync();
        client.Abort();
        client.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await reading);
        Assert.Equal(BreakKind.Reset, (await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await remote)).Kind);
        var later = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.SendAsync("x"));
        Assert.Equal(BreakKind.Aborted, later.Kind);
        await client.DisposeAsync();
        await client.DisposeAsync();
    });

    [Fact]
    public void Cancelled_read_returns_and_the_next_one_gets_the_data() => pair.Run(async (client, server) =>
    {
        var reading = server.Input.ReadAsync();
        server.Input.CancelPendingRead();
        var result = await reading;
        Assert.True(result.IsCanceled && result.Buffer.IsEmpty);
        await client.SendAsync("after all");
        Assert.Equal("after all", await server.ReceiveAsync(9));
    });

    [Fact]
    public void Examined_but_unconsumed_bytes_come_back_with_more() => pair.Run(async (client, server) =>
    {
        await client.SendAsync("first ");
        var result = await server.Input.ReadAsync();
        server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var reading = server.Input.ReadAsync();
        Assert.False(reading.IsCompleted);
        await client.SendAsync("second");
        result = await reading;
        Assert.Equal("first second", Encoding.ASCII.GetString(result.Buffer));
        server.Input.AdvanceTo(result.Buffer.End);
    });

    [Fact]
    public void Slow_reader_holds_the_writer_back() => pair.Run(async (client, server) =>
    {
        var flush = client.Output.WriteAsync(new byte[200_000]);
        Assert.False(flush.IsCompleted);
        var result = await server.Input.ReadAtLeastAsync(200_000);
        server.Input.AdvanceTo(result.Buffer.End);
        await flush;
    });

    [Fact]
    public void Idle_session_holds_no_buffer() => pair.Run(async (client, server) =>
    {
        await client.SendAsync("hello");
        Assert.Equal("hello", await server.ReceiveAsync(5));
        Assert.Equal(0, pair.Loop.Buffers.Outstanding);
    });

    /// <summary>Ciphertext on its way to the server, which must not be reading.</summary>
    private long RawBytesWaiting()
    {
        if (!pair.ServerSide.Input.TryRead(out var result)) return 0;
        pair.ServerSide.Input.AdvanceTo(result.Buffer.Start);
        return result.Buffer.Length;
    }
}
