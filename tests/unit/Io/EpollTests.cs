using System.Buffers;
using System.Security.Cryptography;
using Mesh.Io;
using Mesh.Io.Epoll;

namespace Mesh.Tests.Unit.Io;

public sealed class EpollTests : IDisposable
{
    private static readonly ConnectOptions Quickly = new(TimeSpan.FromSeconds(5));
    private readonly List<Exception> escaped = [];
    private readonly EpollLoop loop;
    private readonly EpollSocketFactory sockets = new();

    public EpollTests() => loop = new EpollLoop("test", 0, TimeProvider.System, escaped.Add);

    public void Dispose()
    {
        loop.Dispose();
        Assert.Empty(escaped);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Bytes_sent_arrive_unchanged_in_both_directions(string address)
    {
        byte[] data = RandomNumberGenerator.GetBytes(3_000_000);
        using var listener = sockets.Listen(new(Ip.Parse(address), 0), [loop], ListenOptions.Default, Echo);
        byte[] back = await OnLoop(async () =>
        {
            await using var client = await sockets.ConnectAsync(loop, listener.Address, Quickly);
            var sending = SendAll(client, data);
            byte[] received = await ReceiveAll(client);
            await sending;
            return received;
        });
        Assert.Equal(data, back);
        await Until(() => loop.Buffers.Outstanding == 0);
    }

    [Fact]
    public async Task Half_close_of_one_side_leaves_the_other_direction_open()
    {
        using var listener = sockets.Listen(new(Ip.LoopbackV4, 0), [loop], ListenOptions.Default, AnswerAfterEnd);
        byte[] answer = await OnLoop(async () =>
        {
            await using var client = await sockets.ConnectAsync(loop, listener.Address, Quickly);
            await client.Output.WriteAsync("question"u8.ToArray());
            await client.Output.CompleteAsync();
            return await ReceiveAll(client);
        });
        Assert.Equal("8 bytes asked"u8.ToArray(), answer);
    }

    [Fact]
    public async Task Connecting_where_nobody_listens_says_so()
    {
        using var listener = sockets.Listen(new(Ip.LoopbackV4, 0), [loop], ListenOptions.Default, Echo);
        listener.Dispose();
        await OnLoop(() => Task.FromResult(0));
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() =>
            OnLoop(async () => await sockets.ConnectAsync(loop, listener.Address, Quickly)));
        Assert.Equal(BreakKind.ConnectFailed, error.Kind);
        Assert.Contains(listener.Address.ToString(), error.Message);
    }

    [Fact]
    public async Task Abort_by_one_side_breaks_the_reader_of_the_other()
    {
        using var listener = sockets.Listen(new(Ip.LoopbackV4, 0), [loop], ListenOptions.Default, AbortAfterFirstBytes);
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => OnLoop(async () =>
        {
            await using var client = await sockets.ConnectAsync(loop, listener.Address, Quickly);
            await client.Output.WriteAsync("hello"u8.ToArray());
            return await ReceiveAll(client);
        }));
        Assert.Equal(BreakKind.Reset, error.Kind);
    }

    [Fact]
    public async Task What_was_read_stays_as_it_is_when_the_connection_breaks_before_the_reader_has_advanced()
    {
        byte[] data = RandomNumberGenerator.GetBytes(100_000);
        using var listener = sockets.Listen(new(Ip.LoopbackV4, 0), [loop], ListenOptions.Default, peer => SendAndWait(peer, data));
        await OnLoop(async () =>
        {
            await using var client = await sockets.ConnectAsync(loop, listener.Address, Quickly);
            var read = await client.Input.ReadAsync();
            client.Abort();
            // Another connection that gets the same blocks would fill them with its own bytes.
            foreach (var block in Enumerable.Range(0, 16).Select(_ => loop.Buffers.Rent()).ToList())
            {
                block.FreeSpan.Clear();
                loop.Buffers.Return(block);
            }
            Assert.Equal(data[..(int)read.Buffer.Length], read.Buffer.ToArray());
            client.Input.AdvanceTo(read.Buffer.End);
            return 0;
        });
        await Until(() => loop.Buffers.Outstanding == 0);
    }

    [Fact]
    public void A_taken_port_is_reported_with_the_address()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var taken = new IpPort(Ip.LoopbackV4, (ushort)((System.Net.IPEndPoint)other.LocalEndpoint).Port);
        var error = Assert.Throws<IOException>(() => sockets.Listen(taken, [loop], ListenOptions.Default, Echo));
        Assert.Contains(taken.ToString(), error.Message);
    }

    [Fact]
    public async Task Datagrams_reach_the_peer_and_are_answered()
    {
        using var server = sockets.Bind(new(Ip.LoopbackV4, 0), loop, static (socket, datagram, from) => socket.Send(datagram, from));
        var answered = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = sockets.Bind(new(Ip.LoopbackV4, 0), loop, (_, datagram, _) => answered.TrySetResult(datagram.ToArray()));
        loop.Post(_ => client.Send("ping"u8, server.Address), null);
        Assert.Equal("ping"u8.ToArray(), await answered.Task.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Await_of_work_elsewhere_resumes_on_the_loop()
    {
        bool back = await OnLoop(async () =>
        {
            await Task.Run(static () => Thread.Yield());
            return loop.IsCurrent;
        });
        Assert.True(back);
    }

    private async Task<T> OnLoop<T>(Func<Task<T>> work)
    {
        T result = default!;
        await loop.RunAsync(async () => result = await work()).WaitAsync(TimeSpan.FromSeconds(20));
        return result;
    }

    private static async Task Until(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (!condition()) await Task.Yield();
        Assert.False(bound.IsCancellationRequested);
    }

    private static async void Echo(Connection server)
    {
        await using (server)
        {
            while (true)
            {
                var read = await server.Input.ReadAsync();
                foreach (var part in read.Buffer) await server.Output.WriteAsync(part);
                server.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            await server.Output.CompleteAsync();
        }
    }

    private static async void AnswerAfterEnd(Connection server)
    {
        await using (server)
        {
            byte[] question = await ReceiveAll(server);
            await server.Output.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{question.Length} bytes asked"));
            await server.Output.CompleteAsync();
        }
    }

    private static async void AbortAfterFirstBytes(Connection server)
    {
        await server.Input.ReadAsync();
        server.Abort();
    }

    private static async void SendAndWait(Connection server, byte[] data)
    {
        await using (server)
        {
            try
            {
                await server.Output.WriteAsync(data);
                await ReceiveAll(server);
            }
            catch (ConnectionBrokenException)
            {
                // The client has aborted.
            }
        }
    }

    private static async Task SendAll(Connection connection, byte[] data)
    {
        await connection.Output.WriteAsync(data);
        await connection.Output.CompleteAsync();
    }

    private static async Task<byte[]> ReceiveAll(Connection connection)
    {
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            foreach (var part in read.Buffer) all.Write(part.Span);
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return all.WrittenSpan.ToArray();
        }
    }
}
