using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>A client over TCP. Each of its questions is answered when its answer is there, so that one with which a resolver is slow holds up no
/// other (RFC 7766 section 6.2.1.1); the client tells them apart by their ids. Lives on one loop.</summary>
/// <param name="answer">What to say to a question; null: nothing more is to be said on this connection.</param>
internal sealed class DnsStreamClient(Connection client, DnsOptions options, Func<byte[], ValueTask<byte[]?>> answer)
{
    private readonly Queue<byte[]> ready = [];
    private LoopTimer? idle;
    private TaskCompletionSource? finished; // who waits until a question is answered
    private int underWay;
    private int asking; // of these, without an answer yet
    private bool isWriting;
    private bool isOver;   // it is not read any more
    private bool isClosed;

    /// <summary>Until the client leaves, says nothing or takes nothing for too long.</summary>
    public async Task RunAsync()
    {
        idle = new(client.Loop.Timers, static state => ((DnsStreamClient)state!).OnIdle(), this);
        try
        {
            while (!isOver)
            {
                idle.Arm(options.IdleTimeout);
                if (await DnsStream.ReadAsync(client.Input, DnsWire.MaxQueryLength) is not { } query) break;
                underWay++;
                _ = AnswerAsync(query);
                while (underWay >= options.MaxPipelined) await FinishedAsync();
            }
            while (underWay > 0) await FinishedAsync();
            await client.Output.CompleteAsync();
        }
        catch (ConnectionBrokenException)
        {
            // The client left.
        }
        finally
        {
            isClosed = true;
            idle.Cancel();
        }
    }

    /// <summary>While resolvers are asked the client need not say anything.</summary>
    private void OnIdle()
    {
        if (asking > 0) idle!.Arm(options.IdleTimeout);
        else client.Abort();
    }

    private async Task AnswerAsync(byte[] query)
    {
        asking++;
        var message = await answer(query);
        asking--;
        if (isClosed) return;
        isOver |= message is null;
        if (message is null) Finish();
        else ready.Enqueue(message);
        if (!isWriting) await WriteAsync();
    }

    private async Task WriteAsync()
    {
        isWriting = true;
        while (!isClosed && ready.TryDequeue(out var message))
        {
            try
            {
                idle!.Arm(options.IdleTimeout);
                await DnsStream.WriteAsync(client.Output, message);
            }
            catch (ConnectionBrokenException)
            {
                // Whoever reads learns it, too.
            }
            Finish();
        }
        isWriting = false;
    }

    private void Finish()
    {
        underWay--;
        var waiting = finished;
        finished = null;
        waiting?.SetResult();
    }

    private Task FinishedAsync() => (finished = new()).Task;
}
