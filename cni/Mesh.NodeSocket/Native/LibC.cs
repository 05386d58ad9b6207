using System.Runtime.InteropServices;

namespace Mesh.NodeSocket.Native;

/// <summary>Unix sockets with descriptor passing, and the inode of a file, which the framework does not offer. Layouts are those of 64-bit Linux.</summary>
internal static unsafe partial class LibC
{
    internal const int AfUnix = 1;
    internal const int SockSeqpacket = 5;
    internal const int SockCloExec = 0x80000;
    internal const int SolSocket = 1;
    internal const int SoPeerCred = 17;
    internal const int SoRcvTimeo = 20;
    internal const int SoSndTimeo = 21;
    internal const int ScmRights = 1;
    internal const int MsgNoSignal = 0x4000;
    internal const int MsgCmsgCloExec = 0x40000000;
    internal const int MsgTrunc = 0x20;
    internal const int MsgCtrunc = 0x8;
    internal const int ShutRdWr = 2;

    internal const int AtCurrentFolder = -100;
    internal const uint StatxBasic = 0x7ff;

    internal const int Enoent = 2;
    internal const int Eintr = 4;
    internal const int Eagain = 11;
    internal const int Econnrefused = 111;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Statx(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int fd, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    internal static partial int Listen(int fd, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    internal static partial int Accept(int fd, byte* address, uint* length, int flags);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int fd, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    internal static partial int Shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetSockOpt(int fd, int level, int option, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int GetSockOpt(int fd, int level, int option, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    internal static string ErrorText(int errno) => $"{Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    internal byte* Name;
    internal uint NameLength;
    internal IoVector* Vectors;
    internal nuint VectorCount;
    internal byte* Control;
    internal nuint ControlLength;
    internal int Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    internal byte* Start;
    internal nuint Length;
}

/// <summary>One control message that carries one descriptor.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DescriptorControl
{
    /// <summary>CMSG_LEN(4): room for exactly one descriptor; the kernel closes any more that were sent.</summary>
    internal const int LengthBytes = 20;

    internal nuint Length;
    internal int Level;
    internal int Type;
    internal int Descriptor;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PeerCredentials
{
    internal int Pid;
    internal uint User;
    internal uint Group;
}
