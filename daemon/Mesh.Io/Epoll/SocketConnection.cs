using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>A TCP socket on an <see cref="EpollLoop"/>.</summary>
internal sealed class SocketConnection : Connection
{
    private const uint InputEvents = LibC.EpollIn | LibC.EpollPeerHalfClosed | LibC.EpollEdge;

    private readonly EpollLoop loop;
    private readonly SocketReader reader;
    private readonly SocketWriter writer;
    private readonly SocketHandler handler;
    private ConnectionBrokenException? broken;
    private ConnectionBrokenException? outputBroken;
    private ConnectAttempt? connecting;
    private IpPort? local;
    private int fd;
    private bool watchesOutput;

    /// <summary>Takes over the descriptor, whose options are set; it is closed on failure too.</summary>
    /// <param name="local">Null: the socket is asked.</param>
    /// <param name="isConnected">It takes bytes: that is not watched, and told, until it takes no more.</param>
    internal SocketConnection(EpollLoop loop, int fd, IpPort remote, IpPort? local = null, bool isConnected = false)
    {
        (this.loop, this.fd, RemoteAddress, this.local) = (loop, fd, remote, local);
        reader = new SocketReader(this, loop.Buffers);
        writer = new SocketWriter(this, loop.Buffers);
        handler = new SocketHandler(this);
        watchesOutput = !isConnected;
        try
        {
            loop.Register(handler, watchesOutput ? InputEvents | LibC.EpollOut : InputEvents);
        }
        catch (IOException)
        {
            LibC.Close(fd);
            throw;
        }
        loop.Counts.Sockets++;
    }

    internal int Fd => fd;

    internal bool IsBroken => broken is not null || IsClosed;

    public override bool IsOutputBroken => IsBroken || outputBroken is not null;

    internal bool IsClosed => fd < 0;

    public override Loop Loop => loop;
    public override PipeReader Input => reader;
    public override PipeWriter Output => writer;
    public override IpPort RemoteAddress { get; }
    public override IpPort LocalAddress => local ??= Sockets.LocalAddress(fd);

    public override bool TryGetOriginalDestination(out IpPort destination) =>
        Sockets.TryGetOriginalDestination(fd, LocalAddress, out destination);

    internal ValueTask<Connection> ConnectAsync(TimeSpan timeout)
    {
        connecting = new ConnectAttempt(this, timeout);
        return connecting.Start();
    }

    /// <summary>The kernel takes nothing more for now; the writer is told when it does again.</summary>
    internal void WatchOutput()
    {
        if (watchesOutput || fd < 0) return;
        watchesOutput = true;
        loop.Extend(handler, InputEvents | LibC.EpollOut);
    }

    /// <summary>A send has failed. A peer that has closed takes nothing more, but may have answered before: reading goes on until it meets the end.
    /// (The kernel keeps what was received before a reset. It wakes the reader, and gives the reason only once, which was here.)</summary>
    internal ConnectionBrokenException BreakOutput(int errno)
    {
        if (reader.Ended || errno is not (LibC.BrokenPipe or LibC.ConnectionReset)) return Break(errno);
        return outputBroken ??= Reason(errno);
    }

    /// <summary>The receiving half has met the end of the stream.</summary>
    /// <exception cref="ConnectionBrokenException">It was the reset that a failed send has told of. (EPIPE: the peer's FIN came before its reset.)</exception>
    internal void OnInputEnd()
    {
        if (outputBroken is { Errno: not LibC.BrokenPipe }) throw Break(outputBroken);
    }

    /// <summary>Marks the connection as over and gives the reason to throw; the other direction's waiter learns it too.</summary>
    internal ConnectionBrokenException Break(int errno) => Break(Reason(errno));

    internal void ThrowIfBroken()
    {
        if (IsBroken) throw Reason();
    }

    internal void ThrowIfOutputBroken()
    {
        if (IsOutputBroken) throw broken ?? outputBroken ?? Reason();
    }

    public override void Abort()
    {
        if (!IsBroken) Break(new ConnectionBrokenException(BreakKind.Aborted, $"connection with {RemoteAddress} was aborted here"));
    }

    public override ValueTask<FlushResult> FlushLastAsync() => writer.FlushLastAsync();

    public override bool ClosesAlone => true;

    /// <summary>One system call instead of two: close sends the FIN too.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public override async ValueTask CloseAsync()
    {
        await writer.FlushLastAsync();
        writer.EndWithClose();
        await DisposeAsync();
    }

    public override ValueTask DisposeAsync()
    {
        if (!writer.Ended) Abort();
        Close();
        reader.Release();
        writer.Release();
        return default;
    }

    internal ConnectionBrokenException Break(ConnectionBrokenException reason)
    {
        if (IsBroken) return Reason();
        broken = reason;
        Sockets.ResetOnClose(fd);
        Close();
        reader.OnBroken(reason);
        writer.OnBroken(reason);
        connecting?.OnBroken(reason);
        OnBroken?.Invoke();
        return reason;
    }

    /// <summary>Of a connection that is broken, or was closed in order.</summary>
    private ConnectionBrokenException Reason() =>
        broken ??= new ConnectionBrokenException(BreakKind.Aborted, $"connection with {RemoteAddress} is closed");

    private ConnectionBrokenException Reason(int errno) =>
        new(BreakKind.Reset, $"connection with {RemoteAddress}: {LibC.Describe(errno)}", errno);

    private void Close()
    {
        if (fd < 0) return;
        _ = LocalAddress;
        loop.Forget(handler);
        LibC.Close(fd);
        loop.Counts.Sockets--;
        fd = -1;
        reader.OnClosed();
        writer.Release();
    }

    private void OnReady(uint events)
    {
        if (connecting is not null)
        {
            OnConnectReady(events);
            return;
        }
        const uint gone = LibC.EpollError | LibC.EpollHangup;
        if ((events & (LibC.EpollIn | LibC.EpollPeerHalfClosed | gone)) != 0)
            reader.OnReady(peerHungUp: (events & (LibC.EpollPeerHalfClosed | gone)) != 0);
        if (fd >= 0 && (events & (LibC.EpollOut | gone)) != 0) writer.OnReady();
        if (fd >= 0 && OnBroken is not null && (events & LibC.EpollError) != 0 && Sockets.TakeError(fd) is var error and not 0) Break(error);
    }

    private void OnConnectReady(uint events)
    {
        if ((events & (LibC.EpollOut | LibC.EpollError | LibC.EpollHangup)) == 0) return;
        var attempt = connecting!;
        connecting = null;
        // Data of a server that speaks first may have been announced by this very event, which an edge does not repeat.
        if ((events & (LibC.EpollIn | LibC.EpollPeerHalfClosed)) != 0) reader.OnReady((events & LibC.EpollPeerHalfClosed) != 0);
        attempt.Finish(Sockets.TakeError(fd));
    }

    private sealed class SocketHandler(SocketConnection connection) : EpollHandler
    {
        internal override int Fd => connection.fd;

        internal override void OnReady(uint events) => connection.OnReady(events);
    }
}
