using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Proxy.Failures;

namespace Mesh.Proxy.Forwarding;

/// <summary>Copies bytes both ways until both sides have ended, keeping half-closes as they are. Nothing is read that the other side cannot take yet.
/// Bytes are written from where they were received; of bulk, up to 64 KiB in one call. A derived relay may look at them, and may pass others.</summary>
internal class TcpRelay(Connection client, Connection upstream)
{
    public Connection Client => client;

    public Connection Upstream => upstream;

    /// <summary>From the client to the upstream.</summary>
    public long ReceivedBytes { get; private set; }

    public long SentBytes { get; private set; }

    /// <summary>Which side broke it off; null when both ended in order.</summary>
    public ConnectionBrokenException? Broken { get; private set; }

    public bool BrokenByClient { get; private set; }

    /// <summary>What we did not let pass; null when everything passed.</summary>
    public Failure? Refusal { get; set; }

    public async Task RunAsync()
    {
        var up = Copy(client.Input, upstream.Output, up: true);
        await Copy(upstream.Input, client.Output, up: false);
        await up;
        OnEnd();
    }

    internal void Count(bool up, long bytes)
    {
        if (up) ReceivedBytes += bytes;
        else SentBytes += bytes;
    }

    /// <summary>Ends the connection for a reason of ours.</summary>
    /// <returns>To be thrown.</returns>
    internal ConnectionBrokenException Refuse(Failure failure)
    {
        Refusal = failure;
        return new ConnectionBrokenException(BreakKind.Aborted, failure.Reason);
    }

    /// <returns>Whether the bytes pass as they are; otherwise <see cref="SiftAsync"/> has them.</returns>
    protected virtual bool PassesWhole(in ReadOnlySequence<byte> bytes, bool up) => true;

    /// <summary>Passes what may pass, and advances the reader.</summary>
    protected virtual ValueTask SiftAsync(ReadResult read, bool up) => default;

    /// <summary>Both sides have ended, in order or not.</summary>
    protected virtual void OnEnd()
    {
    }

    private async Task Copy(PipeReader from, PipeWriter to, bool up)
    {
        bool reading = true;
        try
        {
            while (true)
            {
                reading = true;
                var read = await from.ReadAsync();
                reading = false;
                if (PassesWhole(read.Buffer, up))
                {
                    await to.WriteSequenceAsync(read.Buffer);
                    Count(up, read.Buffer.Length);
                    from.AdvanceTo(read.Buffer.End);
                }
                else
                {
                    await SiftAsync(read, up);
                }
                if (read.IsCompleted) break;
            }
            await to.CompleteAsync();
        }
        catch (ConnectionBrokenException error)
        {
            if (Broken is null && error.Kind != BreakKind.Aborted) (Broken, BrokenByClient) = (error, up == reading);
            client.Abort();
            upstream.Abort();
        }
    }
}
