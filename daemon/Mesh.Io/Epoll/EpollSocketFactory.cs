using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>Real sockets. In the namespace of the process, unless a derived factory makes the descriptors elsewhere: a socket
/// belongs for life to the namespace it was made in, and works from any thread.</summary>
public class EpollSocketFactory : SocketFactory
{
    /// <summary>Makes one descriptor in the factory's namespace; called on any thread, loops included.</summary>
    /// <returns>The descriptor, or -1 with the reason in the last error.</returns>
    protected virtual int CreateSocket(int family, int type, int protocol) => LibC.Socket(family, type, protocol);

    /// <summary>The IPv6 wildcard means both families, and IPv4 alone where there is no IPv6.</summary>
    public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
    {
        try
        {
            return ListenOn(address, loops, options, accepted);
        }
        catch (IOException error) when (address.Address == Ip.AnyV6 && error.HResult is LibC.FamilyNotSupported or LibC.AddressNotAvailable)
        {
            return ListenOn(address with { Address = Ip.AnyV4 }, loops, options, accepted);
        }
    }

    private EpollListener ListenOn(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
    {
        var sockets = new List<EpollListener.Socket>(loops.Count);
        try
        {
            foreach (var loop in loops)
            {
                int fd = Open(Sockets.FamilyOf(address.Address), LibC.SockStream);
                var socket = new EpollListener.Socket((EpollLoop)loop, fd, accepted);
                sockets.Add(socket);
                Prepare(fd, address, options);
                if (address.Port == 0) address = address with { Port = Sockets.LocalAddress(fd).Port };
                if (!address.Address.IsAny && !options.Transparent) socket.LocalAddress = address;
            }
        }
        catch
        {
            foreach (var socket in sockets) socket.CloseUnregistered();
            throw;
        }
        return new EpollListener(address, sockets);
    }

    public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options)
    {
        int family = Sockets.FamilyOf(remote.Address);
        int fd;
        try
        {
            fd = Open(family, LibC.SockStream);
        }
        catch (IOException error)
        {
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, $"cannot connect to {remote}: {error.Message}", error.HResult);
        }
        int errno = Start(fd, family, remote, options);
        if (errno is not (0 or LibC.InProgress))
        {
            LibC.Close(fd);
            throw Sockets.ConnectFailure(remote, errno);
        }
        return new SocketConnection((EpollLoop)loop, fd, remote).ConnectAsync(options.Timeout);
    }

    public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null)
    {
        int family = Sockets.FamilyOf(address.Address);
        int fd = Open(family, LibC.SockDatagram);
        try
        {
            if (mark != 0) LibC.SetOption(fd, LibC.SolSocket, LibC.SoMark, mark);
            Sockets.Bind(fd, family, address);
            if (peer is { } only && Sockets.Connect(fd, family, only) is int errno and not 0)
                throw new IOException($"no way to {only}: {LibC.Describe(errno)}", errno);
        }
        catch
        {
            LibC.Close(fd);
            throw;
        }
        return new EpollDatagramSocket((EpollLoop)loop, fd, received, OpenConnectionTracking);
    }

    /// <summary>Null when the kernel refuses.</summary>
    private ConnectionTracking? OpenConnectionTracking()
    {
        int fd = CreateSocket(LibC.AfNetlink, LibC.SockRaw | LibC.SockNonBlock | LibC.SockCloseOnExec, LibC.NetlinkNetfilter);
        return fd < 0 ? null : new ConnectionTracking(fd);
    }

    private int Open(int family, int type)
    {
        int fd = CreateSocket(family, type | LibC.SockNonBlock | LibC.SockCloseOnExec, 0);
        if (fd >= 0) return fd;
        int errno = LibC.LastError;
        throw new IOException($"cannot make a socket: {LibC.Describe(errno)}", errno);
    }

    private static void Prepare(int fd, IpPort address, ListenOptions options)
    {
        int family = Sockets.FamilyOf(address.Address);
        LibC.SetOption(fd, LibC.SolSocket, LibC.SoReuseAddress, 1);
        LibC.SetOption(fd, LibC.SolSocket, LibC.SoReusePort, 1);
        SetForLife(fd); // what is accepted inherits it
        if (family == LibC.AfInet6) LibC.SetOption(fd, LibC.SolIpv6, LibC.Ipv6Only, address.Address.IsAny ? 0 : 1);
        if (options.Transparent) SetTransparent(fd, family);
        Sockets.Bind(fd, family, address);
        if (LibC.Listen(fd, options.Backlog) == 0) return;
        int errno = LibC.LastError;
        throw new IOException($"cannot listen on {address}: {LibC.Describe(errno)}", errno);
    }

    private static int Start(int fd, int family, IpPort remote, in ConnectOptions options)
    {
        SetForLife(fd);
        if (options.Mark != 0 && !LibC.SetOption(fd, LibC.SolSocket, LibC.SoMark, options.Mark)) return LibC.LastError;
        if (options.Source is { } source)
        {
            SetTransparent(fd, family);
            if (source.Port == 0) LibC.SetOption(fd, LibC.SolIp, LibC.IpBindAddressNoPort, 1);
            try
            {
                Sockets.Bind(fd, family, source);
            }
            catch (IOException error)
            {
                return error.HResult;
            }
        }
        return Sockets.Connect(fd, family, remote);
    }

    /// <summary>The options of every TCP socket. A byte sent as urgent stays in the stream, in its place, as RFC 6093 recommends; otherwise the kernel would take it
    /// out and it would be lost. That it was urgent is not passed on.</summary>
    private static void SetForLife(int fd)
    {
        LibC.SetOption(fd, LibC.SolSocket, LibC.SoOutOfBandInline, 1);
        LibC.SetOption(fd, LibC.SolTcp, LibC.TcpNoDelay, 1);
        KeepAlive.Enable(fd);
    }

    private static void SetTransparent(int fd, int family)
    {
        if (family == LibC.AfInet6) LibC.SetOption(fd, LibC.SolIpv6, LibC.Ipv6Transparent, 1);
        else LibC.SetOption(fd, LibC.SolIp, LibC.IpTransparent, 1);
    }
}
