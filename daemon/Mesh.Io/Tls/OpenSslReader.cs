using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mesh.Io.Buffers;
using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>The decrypting half. What the transport has is decrypted straight from its blocks into the loop's blocks when a read asks for it;
/// an idle session holds none.</summary>
[SuppressMessage("Reliability", "CA2012", Justification = "the awaiter is consumed once, in the callback or at once when it is completed")]
internal sealed class OpenSslReader : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>Decrypted in one go before the caller gets its turn: enough to make large transfers cheap, little enough to stay in the cache.</summary>
    private const int MaxBytesPerRead = 4 * BufferPool.BlockLength;

    /// <summary>Below this much room a record is decrypted into a new block rather than split over two.</summary>
    private const int SmallestRoom = 1024;

    private readonly OpenSslConnection connection;
    private readonly Connection transport;
    private readonly SslSession session;
    private readonly OpenSslWriter writer;
    private readonly Action onTransportRead;
    private LoopSource<ReadResult> pending;
    private BlockQueue plaintext;
    private ValueTaskAwaiter<ReadResult> transportRead;
    private ConnectionBrokenException? failure;
    private bool transportBusy;
    private bool cancelRequested;

    internal OpenSslReader(OpenSslConnection connection, Connection transport, SslSession session, OpenSslWriter writer)
    {
        (this.connection, this.transport, this.session, this.writer) = (connection, transport, session, writer);
        plaintext = new BlockQueue(transport.Loop.Buffers);
        onTransportRead = OnTransportRead;
    }

    /// <summary>The peer's close_notify was seen.</summary>
    internal bool Ended { get; private set; }

    private bool HasNews => cancelRequested || Ended || plaintext.HasNews;

    public override bool TryRead(out ReadResult result)
    {
        connection.ThrowIfOver();
        if (!HasNews && !transportBusy) ReadWhatIsThere();
        if (HasNews)
        {
            result = TakeResult();
            return true;
        }
        if (failure is not null) throw failure;
        result = default;
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

    public override void AdvanceTo(SequencePosition consumed) => plaintext.AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => plaintext.AdvanceTo(consumed, examined);

    public override void CancelPendingRead()
    {
        cancelRequested = true;
        if (pending.IsWaiting) pending.SetResult(TakeResult());
    }

    public override void Complete(Exception? exception = null)
    {
        Release();
        if (!connection.IsOver) transport.Input.Complete(exception);
    }

    internal void Release() => plaintext.Clear();

    public ReadResult GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);

    private void ReadWhatIsThere()
    {
        if (session.Pending > 0) Decrypt(ReadOnlySequence<byte>.Empty);
        while (!HasNews && failure is null && transport.Input.TryRead(out var result)) Take(result);
    }

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
                failure = error;
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

    /// <returns>False when the waiting caller needs more from the transport.</returns>
    private bool FinishTransportRead()
    {
        try
        {
            var result = transportRead.GetResult();
            connection.ThrowIfOver();
            Take(result);
        }
        catch (ConnectionBrokenException error)
        {
            failure ??= error;
        }
        if (!pending.IsWaiting) return true;
        if (HasNews) pending.SetResult(TakeResult());
        else if (failure is not null) pending.SetException(failure);
        else return false;
        return true;
    }

    private void Take(in ReadResult result)
    {
        var consumed = Decrypt(result.Buffer);
        bool all = consumed.Equals(result.Buffer.End);
        transport.Input.AdvanceTo(consumed);
        if (result.IsCompleted && all && !Ended) failure ??= TlsFailure.Truncated(transport.RemoteAddress);
        if (session.HasTicket) connection.KeepTicket();
        writer.FlushControl();
    }

    private SequencePosition Decrypt(in ReadOnlySequence<byte> input)
    {
        int budget = MaxBytesPerRead;
        if (input.IsEmpty) DecryptSegment([], ref budget);
        long taken = 0;
        foreach (var segment in input)
        {
            int used = DecryptSegment(segment.Span, ref budget);
            taken += used;
            if (used < segment.Length) return input.GetPosition(taken);
        }
        return input.End;
    }

    /// <returns>How much of the segment is done with.</returns>
    private unsafe int DecryptSegment(ReadOnlySpan<byte> segment, ref int budget)
    {
        int offset = 0;
        while (budget > 0 && (offset < segment.Length || session.Pending > 0))
        {
            if (Ended || failure is not null) return segment.Length;
            var block = plaintext.Room(SmallestRoom);
            var step = session.Read(segment[offset..], out int consumed, block.FreePointer, block.Free, out int produced);
            plaintext.Commit(block, produced);
            offset += consumed;
            budget -= produced;
            if (step == SslStep.Closed) Ended = true;
            else if (step == SslStep.Failed) failure = TlsFailure.Session(transport.RemoteAddress, session.Error);
        }
        return offset;
    }

    private ReadResult TakeResult()
    {
        bool canceled = cancelRequested;
        cancelRequested = false;
        return new ReadResult(plaintext.Unread, canceled, Ended);
    }
}
