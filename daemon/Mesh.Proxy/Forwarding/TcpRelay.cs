using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>Copies bytes both ways until both sides have ended, keeping half-closes as they are. Nothing is read that the other side cannot take yet.
/// Bytes are written from where they were received; of bulk, up to 64 KiB in one call.</summary>
internal sealed class TcpRelay(Connection client, Connection upstream)
{
    /// <summary>From the client to the upstream.</summary>
    public long ReceivedBytes { get; private set; }

    public long SentBytes { get; private set; }

    /// <summary>Which side broke it off; null when both ended in order.</summary>
    public ConnectionBrokenException? Broken { get; private set; }

    public bool BrokenByClient { get; private set; }

    public async Task RunAsync()
    {
        var up = Copy(client.Input, upstream.Output, up: true);
        await Copy(upstream.Input, client.Output, up: false);
        await up;
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
                long bytes = read.Buffer.Length;
                try
                {
                    await to.WriteSequenceAsync(read.Buffer);
                    Count(up, bytes);
                }
                finally
                {
                    from.AdvanceTo(read.Buffer.End);
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

    private void Count(bool up, long bytes)
    {
        if (up) ReceivedBytes += bytes;
        else SentBytes += bytes;
    }
}
