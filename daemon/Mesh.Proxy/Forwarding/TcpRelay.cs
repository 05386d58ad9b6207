using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Proxy.Failures;

namespace Mesh.Proxy.Forwarding;

/// <summary>Copies bytes both ways until both sides have ended, keeping half-closes and resets as they are. Nothing is read that the other side cannot
/// take yet. Bytes are written from where they were received; of bulk, up to 64 KiB in one call. A derived relay may look at
/// them, and may pass others.</summary>
/// <param name="idleTimeout">Without a byte in either direction; zero: none.</param>
internal class TcpRelay(Connection client, Connection upstream, TimeSpan idleTimeout = default)
{
    private IdleWatch? idle;
    private bool over;
    private ConnectionBrokenException? unwritable;
    private bool readsClient;
    private bool readsUpstream;

    public Connection Client => client;

    public Connection Upstream => upstream;

    /// <summary>From the client to the upstream.</summary>
    public long ReceivedBytes { get; private set; }

    public long SentBytes { get; private set; }

    /// <summary>What broke it off; null when both ended in order.</summary>
    public ConnectionBrokenException? Broken { get; private set; }

    public bool BrokenByClient { get; private set; }

    /// <summary>It was broken off here, after the idle timeout.</summary>
    public bool WasIdle { get; private set; }

    /// <summary>What we did not let pass; null when everything passed.</summary>
    public Failure? Refusal { get; set; }

    public async Task RunAsync()
    {
        // A reset must arrive on the other side even while that side takes nothing and so nobody reads on this one.
        client.OnBroken = () => OnBroken(client);
        upstream.OnBroken = () => OnBroken(upstream);
        if (idleTimeout > TimeSpan.Zero) (idle = new IdleWatch(client.Loop, OnIdle)).Begin(idleTimeout);
        var up = Copy(client.Input, upstream.Output, up: true);
        await Copy(upstream.Input, client.Output, up: false);
        await up;
        if (unwritable is not null) End(unwritable, BrokenByClient);
        idle?.End();
        (client.OnBroken, upstream.OnBroken) = (null, null);
        OnEnd();
    }

    internal void Count(bool up, long bytes)
    {
        idle?.Touch();
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

    /// <summary>Both connections have been broken off.</summary>
    protected virtual void OnAborted()
    {
    }

    /// <summary>Both sides have ended, in order or not.</summary>
    protected virtual void OnEnd()
    {
    }

    private async Task Copy(PipeReader from, PipeWriter to, bool up)
    {
        try
        {
            while (true)
            {
                SetReading(up, true);
                var read = await from.ReadAsync();
                SetReading(up, false);
                if (PassesWhole(read.Buffer, up))
                {
                    // After a failure the reader is not advanced: the connection is over, and its end takes the bytes back.
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
            bool byClient = up == IsReading(up);
            if (!IsReading(up) && Refusal is null && (up ? upstream : client).IsOutputBroken) KeepReading(error, byClient);
            else End(error, byClient);
        }
    }

    /// <summary>Who takes no more may have answered before it closed (RFC 9112 9.3, RFC 9110 15.5.14): that still passes, and then its reset.</summary>
    private void KeepReading(ConnectionBrokenException error, bool byClient)
    {
        if (over || unwritable is not null) return;
        (unwritable, BrokenByClient) = (error, byClient);
    }

    private bool IsReading(bool up) => up ? readsClient : readsUpstream;

    private void SetReading(bool up, bool value)
    {
        if (up) readsClient = value;
        else readsUpstream = value;
    }

    /// <summary>Who waits for the connection's bytes learns it there, with the reason. Otherwise they are held, or have ended, and the connection
    /// must not be read to ask it.</summary>
    private void OnBroken(Connection connection)
    {
        if (over || IsReading(connection == client)) return;
        End(new ConnectionBrokenException(BreakKind.Reset, $"connection with {connection.RemoteAddress} broke"), connection == client);
    }

    private void End(ConnectionBrokenException error, bool byClient)
    {
        if (Broken is null && error.Kind != BreakKind.Aborted) (Broken, BrokenByClient) = (error, byClient);
        over = true;
        client.Abort();
        upstream.Abort();
        OnAborted();
    }

    private void OnIdle()
    {
        WasIdle = true;
        End(new ConnectionBrokenException(BreakKind.Reset, $"no byte was carried for {idleTimeout.TotalSeconds:0.###} s"), byClient: false);
    }
}
