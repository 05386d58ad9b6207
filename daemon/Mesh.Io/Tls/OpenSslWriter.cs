using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mesh.Io.Buffers;
using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>The encrypting half. Small writes gather in one block and become one record at the flush; records are written straight into the
/// transport's memory. Back pressure is the transport's. At most one flush of the transport is under way: the caller's, or one for
/// what the session itself has to say (an answer to a key update, an alert).</summary>
[SuppressMessage("Reliability", "CA2012", Justification = "the awaiter is consumed once, in the callback or at once when it is completed")]
internal sealed class OpenSslWriter : PipeWriter, ISequenceWriter, IValueTaskSource<FlushResult>
{
    private const int RecordOverhead = 22;          // header 5, content type 1, AES-GCM tag 16 (RFC 8446 5.2)
    private const int MaxRecordBytes = 16 * 1024;   // RFC 8446 5.1
    private const int MaxControlBytes = 64 * 1024;  // over two thousand answers to key updates while the peer reads nothing: it is not in earnest

    private readonly OpenSslConnection connection;
    private readonly Connection transport;
    private readonly SslSession session;
    private readonly Action onFlushed;
    private LoopSource<FlushResult> pending;
    private ValueTaskAwaiter<FlushResult> transportFlush;
    private BufferBlock? plaintext;
    private int controlBytes;
    private bool flushing;
    private bool flushAgain;

    internal OpenSslWriter(OpenSslConnection connection, Connection transport, SslSession session)
    {
        (this.connection, this.transport, this.session) = (connection, transport, session);
        onFlushed = OnFlushed;
    }

    internal bool IsCompleted { get; private set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => (plaintext?.Length ?? 0) + transport.Output.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var block = Room(sizeHint);
        // No more than completes a record, unless that is asked for.
        return block.FreeMemory[..Math.Min(block.Free, Math.Max(sizeHint, MaxRecordBytes - block.Length))];
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => plaintext!.End += bytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        connection.ThrowIfOver();
        EncryptGathered();
        return FlushTransport();
    }

    /// <summary>Encrypts from the source itself, except what completes a record that is being gathered.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        connection.ThrowIfOver();
        var rest = TopUp(source.Span);
        EncryptGathered();
        Encrypt(rest);
        return FlushTransport();
    }

    public ValueTask<FlushResult> WriteAsync(in ReadOnlySequence<byte> source)
    {
        connection.ThrowIfOver();
        foreach (var part in source)
        {
            var rest = TopUp(part.Span);
            EncryptGathered();
            Encrypt(rest);
        }
        return FlushTransport();
    }

    public override void CancelPendingFlush()
    {
        if (pending.IsWaiting) pending.SetResult(new FlushResult(isCanceled: true, isCompleted: false));
    }

    public override void Complete(Exception? exception = null)
    {
        var completion = CompleteAsync(exception);
        if (!completion.IsCompletedSuccessfully) _ = ObserveAsync(completion);
    }

    /// <summary>Sends what is gathered, close_notify and the transport's own end.</summary>
    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (IsCompleted) return;
        IsCompleted = true;
        if (exception is not null) connection.Abort();
        if (connection.IsOver) return;
        EncryptGathered();
        session.CloseOutput();
        session.DrainTo(transport.Output);
        await FlushTransport();
        await transport.Output.CompleteAsync();
    }

    /// <summary>Sends what reading made the session say. Its failure is the reader's to find.</summary>
    internal void FlushControl()
    {
        if (session.WaitingOutput == 0) return;
        if (IsCompleted)
        {
            session.DiscardOutput(); // nothing may follow our close_notify
            return;
        }
        controlBytes += session.WaitingOutput;
        if (controlBytes > MaxControlBytes)
        {
            connection.Fail(new ConnectionBrokenException(BreakKind.Tls, $"TLS session with {transport.RemoteAddress}: the peer demands key updates but reads no answers"));
            return;
        }
        session.DrainTo(transport.Output);
        if (flushing) flushAgain = true;
        else StartControlFlush();
    }

    internal void Release()
    {
        if (plaintext is not null) transport.Loop.Buffers.Return(plaintext);
        plaintext = null;
    }

    public FlushResult GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);

    private BufferBlock Room(int sizeHint)
    {
        connection.ThrowIfOver();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, BufferPool.BlockLength);
        plaintext ??= transport.Loop.Buffers.Rent();
        if (plaintext.Free >= Math.Max(1, sizeHint) && plaintext.Length < MaxRecordBytes) return plaintext;
        Encrypt(plaintext.Filled);
        plaintext.End = 0;
        return plaintext;
    }

    /// <summary>A record that is being gathered is filled first: two full records cost less than a small one and two.</summary>
    private ReadOnlySpan<byte> TopUp(ReadOnlySpan<byte> source)
    {
        if (plaintext is not { Length: > 0 } block) return source;
        int count = Math.Min(Math.Max(0, MaxRecordBytes - block.Length), source.Length);
        source[..count].CopyTo(block.FreeSpan);
        block.End += count;
        return source[count..];
    }

    private void EncryptGathered()
    {
        if (plaintext is null) return;
        Encrypt(plaintext.Filled);
        Release();
    }

    private void Encrypt(ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            int count = Math.Min(source.Length, MaxRecordBytes);
            var window = transport.Output.GetSpan(count + RecordOverhead);
            int written = session.Write(source[..count], window);
            if (written < 0) throw connection.Fail(TlsFailure.Session(transport.RemoteAddress, session.Error));
            transport.Output.Advance(written);
            if (session.WaitingOutput > 0) session.DrainTo(transport.Output);
            source = source[count..];
        }
    }

    private ValueTask<FlushResult> FlushTransport()
    {
        if (flushing)
        {
            flushAgain = true;
        }
        else
        {
            var flush = transport.Output.FlushAsync();
            if (flush.IsCompleted) return flush;
            Watch(flush.GetAwaiter());
        }
        pending.Reset();
        return new(this, pending.Version);
    }

    private void StartControlFlush()
    {
        try
        {
            var flush = transport.Output.FlushAsync().GetAwaiter();
            if (!flush.IsCompleted)
            {
                Watch(flush);
                return;
            }
            flush.GetResult();
            controlBytes = 0;
        }
        catch (ConnectionBrokenException)
        {
            // The transport is over; whoever reads or writes next is told.
        }
    }

    private void Watch(ValueTaskAwaiter<FlushResult> flush)
    {
        flushing = true;
        transportFlush = flush;
        flush.UnsafeOnCompleted(onFlushed);
    }

    private void OnFlushed()
    {
        flushing = false;
        try
        {
            var result = transportFlush.GetResult();
            controlBytes = 0;
            if (flushAgain)
            {
                flushAgain = false;
                var again = transport.Output.FlushAsync().GetAwaiter();
                if (!again.IsCompleted)
                {
                    Watch(again);
                    return;
                }
                result = again.GetResult();
            }
            if (pending.IsWaiting) pending.SetResult(result);
        }
        catch (ConnectionBrokenException error)
        {
            if (pending.IsWaiting) pending.SetException(error);
        }
    }

    private static async Task ObserveAsync(ValueTask completion)
    {
        try
        {
            await completion;
        }
        catch (ConnectionBrokenException)
        {
            // The caller chose not to wait; the connection is over either way.
        }
    }
}
