using System.Text;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Connections;

public class MemoryConnectionTests
{
    private readonly TestLoop loop = new();

    [Fact]
    public void Bytes_written_arrive_and_completion_ends_the_input()
    {
        var (client, server) = MemoryConnection.Pair(loop);
        string received = loop.Run(async () =>
        {
            await client.Output.WriteAsync("hello"u8.ToArray());
            await client.Output.CompleteAsync();
            var result = await server.Input.ReadAsync();
            while (!result.IsCompleted)
            {
                server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                result = await server.Input.ReadAsync();
            }
            return Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer));
        });
        Assert.Equal("hello", received);
        Assert.False(client.IsOver);
    }

    [Fact]
    public void Abort_breaks_a_pending_read_on_both_sides()
    {
        var (client, server) = MemoryConnection.Pair(loop);
        var mine = loop.RunAsync(async () => await client.Input.ReadAsync());
        var theirs = loop.RunAsync(async () => await server.Input.ReadAsync());
        loop.RunUntilIdle();
        client.Abort();
        loop.RunUntilIdle();
        Assert.Equal(BreakKind.Aborted, ((ConnectionBrokenException)mine.Exception!.InnerException!).Kind);
        Assert.Equal(BreakKind.Reset, ((ConnectionBrokenException)theirs.Exception!.InnerException!).Kind);
    }

    [Fact]
    public void Full_buffer_holds_the_writer_until_the_reader_advances()
    {
        var (client, server) = MemoryConnection.Pair(loop, bufferBytes: 1024);
        var write = loop.RunAsync(async () => await client.Output.WriteAsync(new byte[4096]));
        loop.RunUntilIdle();
        Assert.False(write.IsCompleted);
        loop.Run(async () =>
        {
            var result = await server.Input.ReadAsync();
            server.Input.AdvanceTo(result.Buffer.End);
        });
        Assert.True(write.IsCompletedSuccessfully);
    }

    [Fact]
    public void Virtual_time_fires_a_loop_timer_at_its_deadline_and_not_before()
    {
        int fired = 0;
        var timer = new LoopTimer(loop.Timers, _ => fired++, null);
        timer.Arm(TimeSpan.FromSeconds(20));
        loop.Advance(TimeSpan.FromSeconds(20) - TimeSpan.FromMilliseconds(TimerQueue.SlotMilliseconds));
        Assert.Equal(0, fired);
        loop.Advance(TimeSpan.FromMilliseconds(2 * TimerQueue.SlotMilliseconds));
        Assert.Equal(1, fired);
    }
}
