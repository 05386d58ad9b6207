using System.Runtime.InteropServices;

namespace Mesh.Io.Native;

/// <summary>The system calls of the engine. Each returns -1 on failure with the reason in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
public static unsafe partial class LibC
{
    private const string Library = "libc";

    private static readonly bool isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly nint sendToNumber = isArm ? 206 : 44, receiveFromNumber = isArm ? 207 : 45;

    public const int AfInet = 2, AfInet6 = 10, AfNetlink = 16;
    public const int SockStream = 1, SockDatagram = 2, SockRaw = 3, SockNonBlock = 0x800, SockCloseOnExec = 0x80000;
    public const int SolSocket = 1, SoReuseAddress = 2, SoError = 4, SoKeepAlive = 9, SoOutOfBandInline = 10, SoLinger = 13, SoReusePort = 15, SoMark = 36;
    public const int SolIp = 0, IpTransparent = 19, IpBindAddressNoPort = 24, SoOriginalDestination = 80;
    public const int SolIpv6 = 41, Ipv6Only = 26, Ipv6Transparent = 75, Ipv6OriginalDestination = 80;
    public const int NetlinkNetfilter = 12, ProtocolUdp = 17;
    public const int SolTcp = 6, TcpNoDelay = 1, TcpKeepIdle = 4, TcpKeepInterval = 5, TcpKeepCount = 6;
    public const int ShutdownWrite = 1;
    public const int MessageNoSignal = 0x4000, MessageDontWait = 0x40, MessageMore = 0x8000;
    public const int EpollAdd = 1, EpollDelete = 2, EpollModify = 3, EpollCloseOnExec = 0x80000;
    public const uint EpollIn = 1, EpollOut = 4, EpollError = 8, EpollHangup = 0x10, EpollPeerHalfClosed = 0x2000, EpollEdge = 1u << 31;
    public const int Interrupted = 4, Again = 11, NoDevice = 19, AddressInUse = 98, AddressNotAvailable = 99, NetworkUnreachable = 101,
        ConnectionAborted = 103, ConnectionReset = 104, TimedOut = 110, ConnectionRefused = 111, HostUnreachable = 113, InProgress = 115,
        FamilyNotSupported = 97, TooManyFiles = 24, TooManyFilesInSystem = 23, BrokenPipe = 32;

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EpollControl(int epoll, int operation, int fd, byte* epollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EpollWait(int epoll, byte* events, int maxEvents, int timeoutMilliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int fd, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    internal static partial int Listen(int fd, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    internal static partial int Accept(int fd, byte* address, int* length, int flags);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int fd, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    internal static partial int GetSocketName(int fd, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetSocketOption(int fd, int level, int name, void* value, int length);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int GetSocketOption(int fd, int level, int name, void* value, int* length);

    /// <summary>recv(2). Not by the C library's function, which makes the thread cancelable meanwhile: four locked instructions for each of the calls that every request makes.</summary>
    internal static nint Receive(int fd, byte* buffer, nint length, int flags) => SystemCall(receiveFromNumber, fd, buffer, length, flags, null, null);

    /// <summary>send(2). See <see cref="Receive"/>.</summary>
    internal static nint Send(int fd, byte* buffer, nint length, int flags) => SystemCall(sendToNumber, fd, buffer, length, flags, null, null);

    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "recvfrom", SetLastError = true)]
    internal static partial nint ReceiveFrom(int fd, byte* buffer, nint length, int flags, byte* address, int* addressLength);

    [LibraryImport(Library, EntryPoint = "sendto", SetLastError = true)]
    internal static partial nint SendTo(int fd, byte* buffer, nint length, int flags, byte* address, int addressLength);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    internal static partial int Shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int fd, void* buffer, nint length);

    [LibraryImport(Library, EntryPoint = "readv", SetLastError = true)]
    internal static partial nint ReadVectors(int fd, IoVector* vectors, int count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, void* buffer, nint length);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint fd, byte* buffer, nint length, nint flags, byte* address, void* addressLength);

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    internal static bool SetOption(int fd, int level, int name, int value) => SetSocketOption(fd, level, name, &value, sizeof(int)) == 0;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nint VectorCount;
    public void* Control;
    public nint ControlLength;
    public int Flags;
}
