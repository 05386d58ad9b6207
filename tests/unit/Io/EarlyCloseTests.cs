using System.Buffers;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Io;

/// <summary>A peer that answers and closes without taking what we send: the failed write costs nothing of the answer, which is in the kernel already.
/// Both ends are on one loop, so that writing always meets the end before reading does.</summary>
public sealed class EarlyCloseTests : IDisposable
{
    private readonly Loopback loopback = new();

    public void Dispose()
    {
        Assert.Empty(loopback.Escaped);
        loopback.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Answer_is_read_after_a_write_has_failed_and_the_reset_after_it(bool waiting) => RunAsync(async (client, server) =>
    {
        var early = waiting ? client.Input.ReadAsync().AsTask() : null;
        await server.Output.WriteAsync("answer"u8.ToArray());
        server.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.Output.WriteAsync("more"u8.ToArray()));
        Assert.True(client.IsOutputBroken);
        var read = await (early ?? client.Input.ReadAsync().AsTask());
        Assert.Equal("answer"u8.ToArray(), read.Buffer.ToArray());
        client.Input.AdvanceTo(read.Buffer.End);
        var end = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.Input.ReadAsync());
        Assert.Equal(BreakKind.Reset, end.Kind);
    });

    [Fact]
    public Task Answer_that_ended_in_order_before_the_reset_is_whole() => RunAsync(async (client, server) =>
    {
        await server.Output.WriteAsync("answer"u8.ToArray());
        await server.Output.CompleteAsync();
        server.Abort();
        await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.Output.WriteAsync("more"u8.ToArray()));
        var read = await client.Input.ReadAsync();
        Assert.Equal("answer"u8.ToArray(), read.Buffer.ToArray());
        client.Input.AdvanceTo(read.Buffer.End);
        Assert.True((await client.Input.ReadAsync()).IsCompleted);
    });

    [Fact]
    public Task Later_writes_fail_too_and_hold_nothing() => RunAsync(async (client, server) =>
    {
        await server.Output.WriteAsync("answer"u8.ToArray());
        server.Abort();
        for (int i = 0; i < 3; i++)
            await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await client.Output.WriteAsync(new byte[100_000]));
    });

    private async Task RunAsync(Func<Connection, Connection, Task> test)
    {
        var accepted = new TaskCompletionSource<Connection>();
        var address = loopback.Listen(connection =>
        {
            accepted.SetResult(connection);
            return Task.CompletedTask;
        });
        await loopback.RunAsync(async () =>
        {
            await using var client = await loopback.ConnectAsync(address);
            await using var server = await accepted.Task;
            await test(client, server);
        });
        Assert.Equal(0, loopback.Loop.Buffers.Outstanding);
    }
}
