using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mesh.Io.Buffers;

namespace Mesh.Io.Framing;

/// <summary>Gives the data of frames as it lies in the transport's buffer, at most one frame at a time. Only when the owner leaves the end of a
/// frame unread and wants to see what follows it are both copied together.</summary>
[SuppressMessage("Reliability", "CA2012", Justification = "the awaiter is consumed once, in the callback or at once when it is completed")]
internal sealed class FrameReader : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly Connection transport;
    private readonly Action onTransportRead;
    private LoopSource<ReadResult> pending;
    private ValueTaskAwaiter<ReadResult> transportRead;
    private BlockQueue joined;
    private ReadOnlySequence<byte> given; // what the owner holds of the transport's buffer
    private long held;                    // bytes that the owner has seen and left, waiting for more
    private long frameLeft;               // bytes of the current frame from the start of what is given
    private bool transportBusy;
    private bool toTheEnd;
    private bool ended;

    internal FrameReader(Connection transport)
    {
        this.transport = transport;
        joined = new BlockQueue(transport.Loop.Buffers);
        onTransportRead = OnTransportRead;
    }

    /// <summary>The peer's last frame was given to the owner.</summary>
    internal bool SawEnd { get; private set; }

    /// <summary>It was the end of the transport, not of a frame: no stream can follow.</summary>
    internal bool IsLast => toTheEnd;

    public override bool TryRead(out ReadResult result)
    {
        if (TryTakeJoined(out result)) return true;
        if (transportBusy) return false;
        while (transport.Input.TryRead(out var read))
        {
            if (TryTake(read, out result)) return true;
        }
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result)) return new(result);
        pending.Reset();
        var answer = new ValueTask<ReadResult>(this, pending.Version);
        if (!transportBusy) ReadTransport();
        return answer;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (given.IsEmpty)
        {
            joined.AdvanceTo(consumed, examined);
            return;
        }
        var data = given;
        given = default;
        var rest = data.Slice(consumed);
        held = data.Slice(examined).IsEmpty ? rest.Length : 0;
        long left = toTheEnd ? frameLeft : frameLeft - (data.Length - rest.Length);
        if (!rest.IsEmpty && rest.Length == left && data.Slice(examined).IsEmpty)
        {
            Join(rest);
            joined.AdvanceTo(joined.Unread.Start, joined.Unread.End);
            (frameLeft, consumed) = (0, data.End);
        }
        else
        {
            frameLeft = left;
        }
        transport.Input.AdvanceTo(consumed, rest.IsEmpty ? consumed : examined);
    }

    public override void CancelPendingRead() => transport.Input.CancelPendingRead();

    /// <summary>What is unread makes the transport useless for another stream.</summary>
    public override void Complete(Exception? exception = null) => Release();

    internal void Release() => joined.Clear();

    public ReadResult GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);

    private bool TryTakeJoined(out ReadResult result)
    {
        if (!ended && !joined.HasNews)
        {
            result = default;
            return false;
        }
        SawEnd |= ended;
        result = new ReadResult(joined.Unread, isCanceled: false, ended);
        return true;
    }

    /// <returns>False: there is nothing for the owner in it yet.</returns>
    private bool TryTake(in ReadResult read, out ReadResult result)
    {
        var buffer = read.Buffer;
        if (frameLeft == 0 && !TryPassHeader(ref buffer))
        {
            transport.Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) throw Cut();
            result = new ReadResult(joined.Unread, read.IsCanceled, isCompleted: false);
            return read.IsCanceled;
        }
        if (ended)
        {
            transport.Input.AdvanceTo(buffer.Start);
            return TryTakeJoined(out result);
        }
        return Give(buffer, read, out result);
    }

    private bool Give(in ReadOnlySequence<byte> buffer, in ReadResult read, out ReadResult result)
    {
        var data = buffer.Slice(0, Math.Min(buffer.Length, frameLeft));
        // The owner waits for what will not come: it must learn of the end now, not get the same bytes again for ever.
        bool isLast = read.IsCompleted && data.Length == held;
        held = 0;
        if (data.IsEmpty || isLast || !joined.Unread.IsEmpty)
        {
            Join(data);
            if (!toTheEnd) frameLeft -= data.Length;
            transport.Input.AdvanceTo(data.End);
            if (isLast || (read.IsCompleted && data.IsEmpty)) return TryEnd(out result);
            result = new ReadResult(joined.Unread, read.IsCanceled, isCompleted: false);
            return !data.IsEmpty || read.IsCanceled;
        }
        given = data;
        result = new ReadResult(data, read.IsCanceled, isCompleted: false);
        return true;
    }

    /// <exception cref="ConnectionBrokenException">More was promised.</exception>
    private bool TryEnd(out ReadResult result)
    {
        if (!toTheEnd) throw Cut();
        ended = true;
        return TryTakeJoined(out result);
    }

    private bool TryPassHeader(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < FrameHeader.Length) return false;
        frameLeft = FrameHeader.Read(buffer, transport.RemoteAddress);
        buffer = buffer.Slice(FrameHeader.Length);
        ended = frameLeft == 0;
        toTheEnd = frameLeft == long.MaxValue;
        return true;
    }

    private void Join(in ReadOnlySequence<byte> data)
    {
        foreach (var segment in data)
        {
            var rest = segment.Span;
            while (!rest.IsEmpty)
            {
                var block = joined.Room(1);
                int count = Math.Min(block.Free, rest.Length);
                rest[..count].CopyTo(block.FreeSpan);
                joined.Commit(block, count);
                rest = rest[count..];
            }
        }
    }

    private ConnectionBrokenException Cut() =>
        new(BreakKind.Reset, $"the tunnel with {transport.RemoteAddress} was closed in the middle of a stream");

    private void ReadTransport()
    {
        do
        {
            try
            {
                transportRead = transport.Input.ReadAsync().GetAwaiter();
            }
            catch (ConnectionBrokenException error)
            {
                pending.SetException(error);
                return;
            }
            if (!transportRead.IsCompleted)
            {
                transportBusy = true;
                transportRead.UnsafeOnCompleted(onTransportRead);
                return;
            }
        }
        while (!FinishTransportRead());
    }

    private void OnTransportRead()
    {
        transportBusy = false;
        if (!FinishTransportRead()) ReadTransport();
    }

    /// <returns>False when the waiting owner needs more from the transport.</returns>
    private bool FinishTransportRead()
    {
        ReadResult result;
        try
        {
            if (!TryTake(transportRead.GetResult(), out result)) return false;
        }
        catch (ConnectionBrokenException error)
        {
            pending.SetException(error);
            return true;
        }
        pending.SetResult(result);
        return true;
    }
}
