using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>Copies bytes both ways until both sides have ended, keeping half-closes as they are. Nothing is read that the other side cannot take yet.
/// A message is written from where it was received. Of bulk up to 64 KiB are gathered before they are sent: that copy costs less than the system calls
/// and wake-ups that it saves.</summary>
internal sealed class TcpRelay(Connection client, Connection upstream)
{
    /// <summary>A read of this much says that there is more: it is what a receive takes at most.</summary>
    private const int BulkReadBytes = 16 * 1024;

    private const int MaxGatheredBytes = 64 * 1024;

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
        long gathered = 0;
        try
        {
            while (true)
            {
                reading = true;
                bool more = from.TryRead(out var read);
                reading = more || gathered == 0;
                if (!more && gathered > 0)
                {
                    await to.FlushAsync();
                    gathered = 0;
                    continue;
                }
                if (!more) read = await from.ReadAsync();
                reading = false;
                long bytes = read.Buffer.Length;
                bool gather = bytes >= BulkReadBytes && gathered + bytes < MaxGatheredBytes;
                foreach (var part in read.Buffer)
                {
                    if (gather) to.Write(part.Span);
                    else await to.WriteAsync(part);
                }
                gathered = gather ? gathered + bytes : 0;
                Count(up, bytes);
                from.AdvanceTo(read.Buffer.End);
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
