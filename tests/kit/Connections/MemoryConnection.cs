using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Kit.Connections;

/// <summary>One end of a byte stream in memory, with the endings of a socket: half-close, reset, abort.
/// The other end's work runs in a later turn of its loop, never from inside a call made here.</summary>
public sealed class MemoryConnection : Connection
{
    /// <summary>Bytes in one direction before FlushAsync waits: the order of a socket buffer.</summary>
    public const int DefaultBufferBytes = 64 * 1024;

    private readonly MemoryReader input;
    private readonly MemoryWriter output;
    private MemoryConnection? peer;
    private ConnectionBrokenException? broken;

    private MemoryConnection(Loop loop, Pipe incoming, Pipe outgoing, IpPort local, IpPort remote)
    {
        (Loop, LocalAddress, RemoteAddress) = (loop, local, remote);
        input = new MemoryReader(this, incoming.Reader);
        output = new MemoryWriter(this, outgoing.Writer);
    }

    public override Loop Loop { get; }
    public override PipeReader Input => input;
    public override PipeWriter Output => output;
    public override IpPort LocalAddress { get; }
    public override IpPort RemoteAddress { get; }

    /// <summary>Set before use by tests of redirected connections.</summary>
    public IpPort? OriginalDestination { get; set; }

    /// <summary>Both directions ended, or one side aborted.</summary>
    public bool IsOver => broken is not null || input.SawEnd && output.IsCompleted;

    public bool IsDisposed { get; private set; }

    public override bool ClosesAlone => true;

    /// <param name="serverLoop">The client's own loop unless told.</param>
    public static (MemoryConnection Client, MemoryConnection Server) Pair(
        Loop loop, Loop? serverLoop = null, int bufferBytes = DefaultBufferBytes, IpPort? clientAddress = null, IpPort? serverAddress = null)
    {
        serverLoop ??= loop;
        var clientAt = clientAddress ?? IpPort.Parse("10.0.0.1:40000");
        var serverAt = serverAddress ?? IpPort.Parse("10.0.0.2:80");
        var toServer = new Pipe(Options(reader: serverLoop, writer: loop, bufferBytes));
        var toClient = new Pipe(Options(reader: loop, writer: serverLoop, bufferBytes));
        var client = new MemoryConnection(loop, toClient, toServer, clientAt, serverAt);
        var server = new MemoryConnection(serverLoop, toServer, toClient, serverAt, clientAt);
        (client.peer, server.peer) = (server, client);
        return (client, server);
    }

    public override bool TryGetOriginalDestination(out IpPort destination)
    {
        destination = OriginalDestination ?? default;
        return OriginalDestination is not null;
    }

    public override void Abort()
    {
        if (IsOver) return;
        Break(new ConnectionBrokenException(BreakKind.Aborted, $"connection to {RemoteAddress} was aborted here"));
        peer!.Loop.Post(static state => ((MemoryConnection)state!).ResetByPeer(), peer);
    }

    public override ValueTask DisposeAsync()
    {
        if (IsDisposed) return ValueTask.CompletedTask;
        if (output.IsCompleted && broken is null && !input.HasUnread) broken = new(BreakKind.Aborted, $"connection with {RemoteAddress} is closed");
        else Abort();
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    internal void ThrowIfBroken()
    {
        if (broken is not null) throw new ConnectionBrokenException(broken.Kind, broken.Message, broken.Errno);
    }

    private void ResetByPeer() => Break(new ConnectionBrokenException(BreakKind.Reset, $"connection reset by {RemoteAddress}", errno: 104));

    private void Break(ConnectionBrokenException reason)
    {
        if (broken is not null) return;
        broken = reason;
        input.CancelPendingRead();
        output.CancelPendingFlush();
        OnBroken?.Invoke();
    }

    private static PipeOptions Options(Loop reader, Loop writer, int bufferBytes) => new(
        readerScheduler: new LoopScheduler(reader), writerScheduler: new LoopScheduler(writer),
        pauseWriterThreshold: bufferBytes, resumeWriterThreshold: bufferBytes / 2, useSynchronizationContext: false);

    private sealed class MemoryReader(MemoryConnection owner, PipeReader inner) : PipeReader
    {
        private ReadResult last;
        private bool leftUnexamined;

        public bool SawEnd { get; private set; }

        /// <summary>Closing a socket then resets it.</summary>
        public bool HasUnread
        {
            get
            {
                if (SawEnd || !inner.TryRead(out var read)) return false;
                inner.AdvanceTo(read.Buffer.Start);
                return !read.Buffer.IsEmpty;
            }
        }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            owner.ThrowIfBroken();
            if (leftUnexamined && inner.TryRead(out var left)) return Check(left);
            return Check(await inner.ReadAsync(cancellationToken));
        }

        public override bool TryRead(out ReadResult result)
        {
            owner.ThrowIfBroken();
            if (!inner.TryRead(out result)) return false;
            Check(result);
            return true;
        }

        private ReadResult Check(ReadResult result)
        {
            owner.ThrowIfBroken();
            SawEnd |= result.IsCompleted;
            leftUnexamined = false;
            return last = result;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        /// <summary>After a read that was cancelled, a pipe would not give again what was not examined; a socket does.</summary>
        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            leftUnexamined = last.IsCanceled && !last.Buffer.Slice(examined).IsEmpty;
            last = default;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => SawEnd = true;
    }

    private sealed class MemoryWriter(MemoryConnection owner, PipeWriter inner) : PipeWriter
    {
        public bool IsCompleted { get; private set; }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            owner.ThrowIfBroken();
            bool late = owner.peer!.IsDisposed && UnflushedBytes > 0;
            var result = await inner.FlushAsync(cancellationToken);
            owner.ThrowIfBroken();
            if (late) owner.Loop.Post(static state => ((MemoryConnection)state!).ResetByPeer(), owner);
            return result;
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            if (IsCompleted) return;
            if (exception is null && owner.broken is null) await FlushAsync();
            Complete(exception);
        }

        public override void Complete(Exception? exception = null)
        {
            if (IsCompleted) return;
            if (exception is null)
            {
                IsCompleted = true;
                inner.Complete();
            }
            else
            {
                owner.Abort();
            }
        }
    }
}
