using System.Runtime.InteropServices;
using System.Text;
using Mesh.NodeSocket.Native;
using Microsoft.Win32.SafeHandles;

namespace Mesh.NodeSocket;

/// <summary>A Unix socket that keeps message boundaries and can pass one descriptor with a message. Blocking, with a bound on every
/// receive and send. One reader and one writer at a time.</summary>
public sealed unsafe class SeqpacketSocket : IDisposable
{
    /// <summary>A workload with the most labels, addresses and exclusions allowed stays well below; Linux takes three times this by default.</summary>
    public const int MaxMessageBytes = 64 << 10;

    private const int MaxPathBytes = 107;
    private readonly SafeFileHandle handle;

    private SeqpacketSocket(int fd) => handle = new(fd, ownsHandle: true);

    private int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Takes over a path that a dead daemon left behind, not one on which somebody answers.</summary>
    /// <exception cref="IOException">The path cannot be used, or another process listens there.</exception>
    public static SeqpacketSocket Listen(string path)
    {
        if (File.Exists(path))
        {
            if (TryConnect(path, TimeSpan.FromSeconds(1), out var living, out _))
            {
                living.Dispose();
                throw new IOException($"{path}: another process listens on this node socket");
            }
            File.Delete(path);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var socket = Create();
        var address = Address(path);
        fixed (byte* start = address)
        {
            if (LibC.Bind(socket.Descriptor, start, (uint)address.Length) != 0) throw Failed($"cannot bind the node socket {path}");
        }
        // Until listen nobody can connect, so there is no moment with wider permissions.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (LibC.Listen(socket.Descriptor, 64) != 0) throw Failed($"cannot listen on the node socket {path}");
        return socket;
    }

    /// <param name="errno">Why not.</param>
    public static bool TryConnect(string path, TimeSpan operationTimeout, out SeqpacketSocket socket, out int errno)
    {
        socket = Create();
        socket.SetTimeout(operationTimeout);
        var address = Address(path);
        fixed (byte* start = address)
        {
            errno = LibC.Connect(socket.Descriptor, start, (uint)address.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        if (errno == 0) return true;
        socket.Dispose();
        return false;
    }

    /// <summary>Waits for a client. Null once <see cref="Shutdown"/> was called.</summary>
    public SeqpacketSocket? Accept()
    {
        while (true)
        {
            int fd = LibC.Accept(Descriptor, null, null, LibC.SockCloExec);
            if (fd >= 0) return new(fd);
            if (Marshal.GetLastPInvokeError() != LibC.Eintr) return null;
        }
    }

    /// <summary>Ends a pending and every later operation, from any thread.</summary>
    public void Shutdown() => _ = LibC.Shutdown(Descriptor, LibC.ShutRdWr);

    /// <summary>True for root and for the user that this process runs as, who could do as much without asking.</summary>
    public bool IsPeerTrusted()
    {
        PeerCredentials credentials = default;
        uint length = (uint)sizeof(PeerCredentials);
        if (LibC.GetSockOpt(Descriptor, LibC.SolSocket, LibC.SoPeerCred, &credentials, &length) != 0) return false;
        return credentials.User == 0 || credentials.User == LibC.EffectiveUser();
    }

    public void SetTimeout(TimeSpan timeout)
    {
        long* value = stackalloc long[2] { (long)timeout.TotalSeconds, timeout.Microseconds + timeout.Milliseconds * 1000L };
        if (value[0] == 0 && value[1] == 0) value[1] = 1000; // zero would mean for ever
        _ = LibC.SetSockOpt(Descriptor, LibC.SolSocket, LibC.SoRcvTimeo, value, 16);
        _ = LibC.SetSockOpt(Descriptor, LibC.SolSocket, LibC.SoSndTimeo, value, 16);
    }

    /// <param name="passed">A descriptor to send along, or -1.</param>
    /// <exception cref="IOException">The peer is gone, does not read, or the message is too long.</exception>
    public void Send(ReadOnlySpan<byte> message, int passed = -1)
    {
        if (message.Length > MaxMessageBytes) throw new IOException($"a node socket message of {message.Length} bytes exceeds the limit of {MaxMessageBytes}");
        var control = new DescriptorControl { Length = DescriptorControl.LengthBytes, Level = LibC.SolSocket, Type = LibC.ScmRights, Descriptor = passed };
        fixed (byte* start = message)
        {
            var vector = new IoVector { Start = start, Length = (nuint)message.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (passed >= 0)
            {
                header.Control = (byte*)&control;
                header.ControlLength = DescriptorControl.LengthBytes;
            }
            if (LibC.SendMessage(Descriptor, &header, LibC.MsgNoSignal) < 0) throw Failed("the node socket cannot be written");
        }
    }

    /// <summary>Returns the length, 0 at the end.</summary>
    /// <param name="passed">The descriptor that came along, owned by the caller; null when none came.</param>
    /// <exception cref="IOException">Nothing came in time, or more than the buffer holds.</exception>
    public int Receive(Span<byte> buffer, out SafeFileHandle? passed)
    {
        var control = new DescriptorControl { Descriptor = -1 };
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Start = start, Length = (nuint)buffer.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = (byte*)&control, ControlLength = DescriptorControl.LengthBytes };
            nint count;
            do count = LibC.ReceiveMessage(Descriptor, &header, LibC.MsgCmsgCloExec);
            while (count < 0 && Marshal.GetLastPInvokeError() == LibC.Eintr);
            if (count < 0) throw Failed("the node socket cannot be read");
            bool hasDescriptor = header.ControlLength >= DescriptorControl.LengthBytes && control.Type == LibC.ScmRights && control.Descriptor >= 0;
            passed = hasDescriptor ? new(control.Descriptor, ownsHandle: true) : null;
            if ((header.Flags & (LibC.MsgTrunc | LibC.MsgCtrunc)) == 0) return (int)count;
        }
        passed?.Dispose();
        throw new IOException($"a node socket message is longer than {buffer.Length} bytes or carries more than one descriptor");
    }

    private static SeqpacketSocket Create()
    {
        int fd = LibC.Socket(LibC.AfUnix, LibC.SockSeqpacket | LibC.SockCloExec, 0);
        return fd >= 0 ? new(fd) : throw new IOException($"cannot make a Unix socket: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>struct sockaddr_un.</summary>
    private static byte[] Address(string path)
    {
        int length = Encoding.UTF8.GetByteCount(path);
        if (length is 0 or > MaxPathBytes) throw new IOException($"node socket path '{path}' must have 1 to {MaxPathBytes} bytes");
        var address = new byte[2 + length + 1];
        address[0] = LibC.AfUnix;
        Encoding.UTF8.GetBytes(path, address.AsSpan(2));
        return address;
    }

    private static IOException Failed(string what)
    {
        int errno = Marshal.GetLastPInvokeError();
        string reason = errno == LibC.Eagain ? "nothing happened within the time limit" : LibC.ErrorText(errno);
        return new IOException($"{what}: {reason}", errno);
    }

    public void Dispose() => handle.Dispose();
}
