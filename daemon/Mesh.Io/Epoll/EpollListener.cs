using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>A socket per loop on one address (SO_REUSEPORT): the kernel spreads connections, and no loop hands work to another.</summary>
internal sealed class EpollListener : Listener
{
    private readonly List<Socket> sockets;

    internal EpollListener(IpPort address, List<Socket> sockets)
    {
        (Address, this.sockets) = (address, sockets);
        foreach (var socket in sockets) socket.Loop.Post(static self => ((Socket)self!).Register(), socket);
    }

    public override IpPort Address { get; }

    public override void Dispose()
    {
        foreach (var socket in sockets)
        {
            if (socket.Loop.IsCurrent) socket.Close();
            else socket.Loop.Post(static self => ((Socket)self!).Close(), socket);
        }
    }

    internal sealed unsafe class Socket(EpollLoop loop, int fd, Action<Connection> accepted) : EpollHandler
    {
        /// <summary>Connections taken before other sockets get their turn.</summary>
        private const int AcceptsPerTurn = 64;

        private bool closed;
        private LoopTimer? retry;

        internal EpollLoop Loop => loop;

        /// <summary>Of every connection; null where each has its own.</summary>
        internal IpPort? LocalAddress { get; set; }

        internal override int Fd => fd;

        // Level-triggered: what one turn leaves in the queue is announced again.
        internal void Register()
        {
            if (!closed) loop.Register(this, LibC.EpollIn);
        }

        internal void CloseUnregistered() => LibC.Close(fd);

        internal void Close()
        {
            if (closed) return;
            closed = true;
            retry?.Cancel();
            loop.Forget(this);
            LibC.Close(fd);
        }

        internal override void OnReady(uint events)
        {
            for (int i = 0; i < AcceptsPerTurn && !closed; i++)
            {
                if (!AcceptOne()) return;
            }
        }

        private bool AcceptOne()
        {
            var address = stackalloc byte[SocketAddress.MaxLength];
            int length = SocketAddress.MaxLength;
            int client = LibC.Accept(fd, address, &length, LibC.SockNonBlock | LibC.SockCloseOnExec);
            if (client < 0) return OnAcceptFailed(LibC.LastError);
            var remote = SocketAddress.Read(new ReadOnlySpan<byte>(address, SocketAddress.MaxLength));
            accepted(new SocketConnection(loop, client, remote, LocalAddress, isConnected: true));
            return true;
        }

        /// <summary>Out of descriptors: stop asking for a while, or the level-triggered listener would spin the loop.</summary>
        private bool OnAcceptFailed(int errno)
        {
            if (errno is LibC.Interrupted or LibC.ConnectionAborted) return true;
            if (errno is not (LibC.TooManyFiles or LibC.TooManyFilesInSystem)) return false;
            loop.Unwatch(this);
            retry ??= new LoopTimer(loop.Timers, static self => ((Socket)self!).Register(), this);
            retry.Arm(TimeSpan.FromMilliseconds(100));
            return false;
        }
    }
}
