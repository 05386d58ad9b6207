using System.Buffers;
using System.IO.Pipelines;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Draining;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Tracing;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

/// <summary>Carries what follows a switch of protocols until both sides have ended. No request timeout applies, only one for silence in both directions.
/// A WebSocket that is drained gets a close frame on either side, between two frames.</summary>
internal sealed class UpgradedRelay : IDrainable
{
    /// <summary>How long the sides have to answer our close frames.</summary>
    private static readonly TimeSpan closeTimeout = TimeSpan.FromSeconds(2);

    private readonly Connection client;
    private readonly Connection upstream;
    private readonly bool isWebSocket;
    private readonly BitSource bits;
    private readonly TimeSpan idleTimeout;
    private readonly LoopTimer timer;
    private bool active;
    private bool draining;

    public UpgradedRelay(Connection client, Connection upstream, bool isWebSocket, TimeSpan idleTimeout, BitSource bits)
    {
        (this.client, this.upstream, this.isWebSocket, this.idleTimeout, this.bits) = (client, upstream, isWebSocket, idleTimeout, bits);
        timer = new LoopTimer(client.Loop.Timers, static self => ((UpgradedRelay)self!).OnTimer(), this);
    }

    /// <summary>From the client to the upstream.</summary>
    public long ReceivedBytes { get; private set; }

    public long SentBytes { get; private set; }

    /// <summary>Null when both sides ended in order.</summary>
    public Failure? Failure { get; private set; }

    public async Task RunAsync()
    {
        timer.Arm(idleTimeout);
        var up = Copy(client.Input, upstream.Output, up: true);
        await Copy(upstream.Input, client.Output, up: false);
        await up;
        timer.Cancel();
    }

    public void Drain()
    {
        if (!isWebSocket) return;
        draining = true;
        timer.Arm(closeTimeout);
        client.Input.CancelPendingRead();
        upstream.Input.CancelPendingRead();
    }

    private async Task Copy(PipeReader from, PipeWriter to, bool up)
    {
        var frames = isWebSocket ? new WebSocketFrames() : null;
        bool reading = true;
        try
        {
            while (true)
            {
                reading = true;
                var read = await from.ReadAsync();
                reading = false;
                active = true;
                long length = frames?.Read(read.Buffer, stopAtFrame: draining) ?? read.Buffer.Length;
                bool closing = draining && frames is { IsBetweenFrames: true };
                if (length > 0) await to.WriteSequenceAsync(read.Buffer.Slice(0, length));
                Count(up, length);
                from.AdvanceTo(closing ? read.Buffer.End : read.Buffer.GetPosition(length));
                if (!closing && read.IsCompleted) break;
                if (!closing) continue;
                SayGoingAway(to, toServer: up);
                await to.CompleteAsync();
                if (!read.IsCompleted) await Discard(from);
                return;
            }
            await to.CompleteAsync();
        }
        catch (ConnectionBrokenException error)
        {
            if (Failure is null && error.Kind != BreakKind.Aborted) Failure = OnBroken(error, byClient: up == reading);
            Abort();
        }
    }

    private void SayGoingAway(PipeWriter to, bool toServer)
    {
        Span<byte> frame = stackalloc byte[8];
        int length = WebSocketFrames.WriteGoingAway(toServer ? bits.Next32() : null, frame);
        to.Write(frame[..length]);
    }

    private static async Task Discard(PipeReader from)
    {
        while (true)
        {
            var read = await from.ReadAsync();
            from.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
        }
    }

    private void OnTimer()
    {
        if (active && !draining)
        {
            active = false;
            timer.Arm(idleTimeout);
            return;
        }
        if (!draining) Failure = new Failure(ResponseFlag.SI, FailureSide.Mesh, FailureStage.Response, $"nothing was said for {idleTimeout}");
        Abort();
    }

    private void Abort()
    {
        client.Abort();
        upstream.Abort();
    }

    private static Failure OnBroken(ConnectionBrokenException error, bool byClient) => byClient
        ? new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Response, error.Message)
        : new Failure(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response, error.Message);

    private void Count(bool up, long bytes)
    {
        if (up) ReceivedBytes += bytes;
        else SentBytes += bytes;
    }
}
