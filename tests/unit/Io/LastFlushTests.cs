using System.Net;
using System.Net.Sockets;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Io;

/// <summary>The last bytes of a connection and its end leave in one segment, which wakes the peer once.</summary>
public sealed class LastFlushTests : IDisposable
{
    private readonly Loopback loopback = new();

    public void Dispose()
    {
        Assert.Empty(loopback.Escaped);
        loopback.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Last_bytes_wait_for_the_end_and_arrive_with_it(bool closes) => RunAsync(async (client, server) =>
    {
        await server.Output.WriteAsync("first "u8.ToArray());
        Assert.Equal(6, client.Available);
        "last"u8.CopyTo(server.Output.GetSpan(4));
        server.Output.Advance(4);
        await server.FlushLastAsync();
        Assert.Equal(6, client.Available);
        if (closes) await server.CloseAsync();
        else await server.Output.CompleteAsync();
        Assert.Equal("first last"u8.ToArray(), ReadToEnd(client));
    });

    // More than the kernel takes at once: the flush waits for the client, and what is left of it is sent all the same.
    [Fact]
    public Task Last_bytes_of_much_arrive_too() => RunAsync(async (client, server) =>
    {
        var body = new byte[8 * 1024 * 1024];
        new Random(7).NextBytes(body);
        var reading = Task.Run(() => ReadToEnd(client));
        foreach (var piece in body.Chunk(1000))
        {
            piece.CopyTo(server.Output.GetSpan(piece.Length));
            server.Output.Advance(piece.Length);
        }
        await server.FlushLastAsync();
        await server.CloseAsync();
        Assert.Equal(body, await reading);
    });

    private static byte[] ReadToEnd(Socket client)
    {
        var all = new MemoryStream();
        using var stream = new NetworkStream(client);
        stream.CopyTo(all);
        return all.ToArray();
    }

    private async Task RunAsync(Func<Socket, Connection, Task> test)
    {
        var accepted = new TaskCompletionSource<Connection>();
        var address = loopback.Listen(connection =>
        {
            accepted.SetResult(connection);
            return Task.CompletedTask;
        });
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        await client.ConnectAsync(IPEndPoint.Parse(address.ToString()));
        await loopback.RunAsync(async () =>
        {
            await using var server = await accepted.Task;
            await test(client, server);
        });
        Assert.Equal(0, loopback.Loop.Buffers.Outstanding);
    }
}
