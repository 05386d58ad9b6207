using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>A UDP socket on a loop.</summary>
internal sealed unsafe class EpollDatagramSocket : DatagramSocket
{
    private const int DatagramsPerTurn = 64;
    private const int MaxDatagram = 64 * 1024;

    // One for all sockets of a loop: a datagram is handed over before the next is received.
    [ThreadStatic] private static byte[]? buffer;

    private readonly EpollLoop loop;
    private readonly DatagramReceived received;
    private readonly Handler handler;
    private readonly Func<ConnectionTracking?> openTracking;
    private readonly bool isV6;
    private ConnectionTracking? tracking;
    private bool isTrackingTried;
    private int fd;

    /// <param name="openTracking">In the socket's namespace; called at most once, when first needed.</param>
    internal EpollDatagramSocket(EpollLoop loop, int fd, DatagramReceived received, Func<ConnectionTracking?> openTracking)
    {
        (this.loop, this.fd, this.received, this.openTracking) = (loop, fd, received, openTracking);
        Address = Sockets.LocalAddress(fd);
        isV6 = !Address.Address.IsV4;
        handler = new Handler(this);
        if (loop.IsCurrent) Register();
        else loop.Post(static self => ((EpollDatagramSocket)self!).Register(), this);
    }

    public override IpPort Address { get; }

    public override void Send(ReadOnlySpan<byte> datagram, IpPort to)
    {
        if (fd < 0) return;
        var address = stackalloc byte[SocketAddress.MaxLength];
        int length = SocketAddress.Write(new Span<byte>(address, SocketAddress.MaxLength), to, isV6);
        fixed (byte* bytes = datagram)
        {
            LibC.SendTo(fd, bytes, datagram.Length, LibC.MessageNoSignal, address, length);
        }
    }

    public override bool TryGetOriginalDestination(IpPort from, out IpPort destination)
    {
        if (!isTrackingTried && fd >= 0) (isTrackingTried, tracking) = (true, openTracking());
        destination = default;
        return tracking is not null && tracking.TryFindOriginalDestination(Address, from, out destination);
    }

    public override void Dispose()
    {
        if (loop.IsCurrent) Close();
        else loop.Post(static self => ((EpollDatagramSocket)self!).Close(), this);
    }

    private void Register()
    {
        if (fd >= 0) loop.Register(handler, LibC.EpollIn);
    }

    private void Close()
    {
        if (fd < 0) return;
        loop.Forget(handler);
        LibC.Close(fd);
        fd = -1;
        tracking?.Dispose();
    }

    private void OnReady()
    {
        buffer ??= GC.AllocateUninitializedArray<byte>(MaxDatagram, pinned: true);
        var address = stackalloc byte[SocketAddress.MaxLength];
        for (int i = 0; i < DatagramsPerTurn && fd >= 0; i++)
        {
            int length = SocketAddress.MaxLength;
            nint count;
            fixed (byte* bytes = buffer)
            {
                count = LibC.ReceiveFrom(fd, bytes, MaxDatagram, 0, address, &length);
            }
            if (count < 0)
            {
                if (LibC.LastError is not (LibC.ConnectionRefused or LibC.HostUnreachable)) return;
                Unreachable?.Invoke();
                continue;
            }
            received(this, buffer.AsSpan(0, (int)count), SocketAddress.Read(new ReadOnlySpan<byte>(address, SocketAddress.MaxLength)));
        }
    }

    private sealed class Handler(EpollDatagramSocket socket) : EpollHandler
    {
        internal override int Fd => socket.fd;

        internal override void OnReady(uint events) => socket.OnReady();
    }
}
