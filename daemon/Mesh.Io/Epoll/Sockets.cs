using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>What is asked of and set on descriptors, in terms of <see cref="IpPort"/>.</summary>
internal static unsafe class Sockets
{
    public static int FamilyOf(Ip address) => address.IsV4 ? LibC.AfInet : LibC.AfInet6;

    public static IpPort LocalAddress(int fd)
    {
        var buffer = stackalloc byte[SocketAddress.MaxLength];
        int length = SocketAddress.MaxLength;
        return fd >= 0 && LibC.GetSocketName(fd, buffer, &length) == 0
            ? SocketAddress.Read(new ReadOnlySpan<byte>(buffer, SocketAddress.MaxLength))
            : default;
    }

    /// <summary>What the address was before REDIRECT. False for a connection that was made to the socket's own address.</summary>
    public static bool TryGetOriginalDestination(int fd, IpPort local, out IpPort destination)
    {
        var buffer = stackalloc byte[SocketAddress.MaxLength];
        int length = SocketAddress.MaxLength;
        int result = local.Address.IsV4
            ? LibC.GetSocketOption(fd, LibC.SolIp, LibC.SoOriginalDestination, buffer, &length)
            : LibC.GetSocketOption(fd, LibC.SolIpv6, LibC.Ipv6OriginalDestination, buffer, &length);
        destination = result == 0 ? SocketAddress.Read(new ReadOnlySpan<byte>(buffer, SocketAddress.MaxLength)) : default;
        return result == 0 && destination != local;
    }

    public static int TakeError(int fd)
    {
        int error = 0, length = sizeof(int);
        return LibC.GetSocketOption(fd, LibC.SolSocket, LibC.SoError, &error, &length) == 0 ? error : LibC.LastError;
    }

    /// <summary>Makes the close that follows send RST instead of FIN.</summary>
    public static void ResetOnClose(int fd)
    {
        var linger = stackalloc int[] { 1, 0 };
        LibC.SetSocketOption(fd, LibC.SolSocket, LibC.SoLinger, linger, 2 * sizeof(int));
    }

    public static void Bind(int fd, int family, IpPort address)
    {
        var buffer = stackalloc byte[SocketAddress.MaxLength];
        int length = SocketAddress.Write(new Span<byte>(buffer, SocketAddress.MaxLength), address, family == LibC.AfInet6);
        if (LibC.Bind(fd, buffer, length) == 0) return;
        int errno = LibC.LastError;
        throw new IOException($"cannot bind {address}: {LibC.Describe(errno)}{Advice(errno)}", errno);
    }

    public static int Connect(int fd, int family, IpPort address)
    {
        var buffer = stackalloc byte[SocketAddress.MaxLength];
        int length = SocketAddress.Write(new Span<byte>(buffer, SocketAddress.MaxLength), address, family == LibC.AfInet6);
        return LibC.Connect(fd, buffer, length) == 0 ? 0 : LibC.LastError;
    }

    public static ConnectionBrokenException ConnectFailure(IpPort remote, int errno) =>
        new(BreakKind.ConnectFailed, $"cannot connect to {remote}: {LibC.Describe(errno)}", errno);

    private static string Advice(int errno) => errno switch
    {
        LibC.AddressInUse => " (another process listens there; stop it or configure another port)",
        LibC.AddressNotAvailable => " (the address is not of this machine or namespace)",
        _ => "",
    };
}

/// <summary>Finds peers that vanished: after 3 minutes of silence a probe every 3 minutes, 9 of them, as the field's node proxies do.</summary>
internal static class KeepAlive
{
    private const int IdleSeconds = 180, IntervalSeconds = 180, Probes = 9;

    public static void Enable(int fd)
    {
        LibC.SetOption(fd, LibC.SolSocket, LibC.SoKeepAlive, 1);
        LibC.SetOption(fd, LibC.SolTcp, LibC.TcpKeepIdle, IdleSeconds);
        LibC.SetOption(fd, LibC.SolTcp, LibC.TcpKeepInterval, IntervalSeconds);
        LibC.SetOption(fd, LibC.SolTcp, LibC.TcpKeepCount, Probes);
    }
}
