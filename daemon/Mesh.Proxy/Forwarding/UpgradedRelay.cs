using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Draining;
using Mesh.Proxy.Tracing;

namespace Mesh.Proxy.Forwarding;

/// <summary>Carries what follows a switch of protocols until both sides have ended. No request timeout applies, only one for silence in both directions.
/// A WebSocket that is drained gets a close frame on either side, between two frames; what comes after it is dropped.</summary>
internal sealed class UpgradedRelay : TcpRelay, IDrainable
{
    /// <summary>How long the sides have to answer our close frames.</summary>
    private static readonly TimeSpan closeTimeout = TimeSpan.FromSeconds(2);

    private readonly BitSource bits;
    private readonly LoopTimer closing;
    private readonly Direction? up;
    private readonly Direction? down;
    private bool draining;

    public UpgradedRelay(Connection client, Connection upstream, bool isWebSocket, TimeSpan idleTimeout, BitSource bits)
        : base(client, upstream, idleTimeout)
    {
        this.bits = bits;
        closing = new LoopTimer(client.Loop.Timers, static self => ((UpgradedRelay)self!).Abort(), this);
        if (isWebSocket) (up, down) = (new Direction(client.Input, upstream.Output), new Direction(upstream.Input, client.Output));
    }

    private sealed record Direction(PipeReader From, PipeWriter To)
    {
        public WebSocketFrames Frames { get; } = new();

        /// <summary>Our close frame was the last.</summary>
        public bool IsClosed { get; set; }
    }

    public void Drain()
    {
        if (up is null || draining) return;
        draining = true;
        closing.Arm(closeTimeout);
        Client.Input.CancelPendingRead();
        Upstream.Input.CancelPendingRead();
    }

    protected override bool PassesWhole(in ReadOnlySequence<byte> bytes, bool up)
    {
        if (draining) return false;
        (up ? this.up : down)?.Frames.Read(bytes);
        return true;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    protected override async ValueTask SiftAsync(ReadResult read, bool up)
    {
        var direction = up ? this.up! : down!;
        long rest = direction.IsClosed ? 0 : direction.Frames.Read(read.Buffer, stopAtFrame: true);
        if (rest > 0) await direction.To.WriteSequenceAsync(read.Buffer.Slice(0, rest));
        Count(up, rest);
        direction.From.AdvanceTo(read.Buffer.End);
        if (direction.IsClosed || !direction.Frames.IsBetweenFrames) return;
        direction.IsClosed = true;
        SayGoingAway(direction.To, toServer: up);
        await direction.To.CompleteAsync();
    }

    protected override void OnEnd() => closing.Cancel();

    private void SayGoingAway(PipeWriter to, bool toServer)
    {
        Span<byte> frame = stackalloc byte[8];
        int length = WebSocketFrames.WriteGoingAway(toServer ? bits.Next32() : null, frame);
        to.Write(frame[..length]);
    }

    private void Abort()
    {
        Client.Abort();
        Upstream.Abort();
    }
}
