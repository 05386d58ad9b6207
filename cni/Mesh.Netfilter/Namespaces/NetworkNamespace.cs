using System.Runtime.InteropServices;
using Mesh.Netfilter.Native;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Netfilter.Namespaces;

/// <summary>An open network namespace. As long as it is open the kernel keeps the namespace alive, so whoever holds one must let go
/// when the workload ends. Thread-safe; entering concerns the calling thread alone.</summary>
public sealed class NetworkNamespace : IDisposable
{
    private const int FDupFdCloExec = 1030;
    private readonly SafeFileHandle handle;

    private NetworkNamespace(SafeFileHandle handle, NamespaceId id) => (this.handle, Id) = (handle, id);

    public NamespaceId Id { get; }

    /// <summary>For passing to another process; valid while this object is.</summary>
    public int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Usually /run/netns/NAME or /proc/PID/ns/net.</summary>
    /// <exception cref="NamespaceMissingException">Nothing is there, or it is not a network namespace.</exception>
    public static NetworkNamespace Open(string path)
    {
        int fd = LibC.Open(path, LibC.ORdOnly | LibC.OCloExec);
        if (fd < 0) throw new NamespaceMissingException($"network namespace {path}: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        return FromDescriptor(fd, path);
    }

    /// <summary>The namespace of the calling thread.</summary>
    public static NetworkNamespace OpenCurrent() => Open("/proc/thread-self/ns/net");

    /// <summary>Takes ownership of the descriptor, also when it throws.</summary>
    /// <param name="origin">For messages: the path, or who sent it.</param>
    public static NetworkNamespace FromDescriptor(int fd, string origin)
    {
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        if (LibC.Ioctl(fd, LibC.NsGetNsType, 0) != LibC.CloneNewNet)
        {
            handle.Dispose();
            throw new NamespaceMissingException($"{origin} is not a network namespace: name a file such as /run/netns/NAME or /proc/PID/ns/net");
        }
        return new(handle, NamespaceId.Of(fd));
    }

    /// <summary>A second, independent hold on the same namespace.</summary>
    public NetworkNamespace Duplicate()
    {
        int fd = LibC.Fcntl(Descriptor, FDupFdCloExec, 0);
        if (fd < 0) throw new CaptureException($"cannot duplicate a namespace descriptor: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        return new(new SafeFileHandle(fd, ownsHandle: true), Id);
    }

    /// <summary>Moves the calling thread into the namespace until the scope is disposed, on the same thread and without awaiting in between.
    /// If the way back fails the process ends: a thread left in a workload's namespace would open the daemon's sockets there.</summary>
    /// <exception cref="ObjectDisposedException">The workload is gone.</exception>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public NamespaceScope Enter()
    {
        // Held while in use: a descriptor number that another thread just closed may already name something else.
        bool held = false;
        handle.DangerousAddRef(ref held);
        try
        {
            int home = LibC.Open("/proc/thread-self/ns/net", LibC.ORdOnly | LibC.OCloExec);
            if (home < 0) throw new CaptureException($"cannot open the thread's own namespace: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
            if (LibC.SetNs(Descriptor, LibC.CloneNewNet) == 0) return new(home);
            int errno = Marshal.GetLastPInvokeError();
            _ = LibC.Close(home);
            throw new CaptureException($"cannot enter network namespace {Id}: {LibC.ErrorText(errno)}; CAP_SYS_ADMIN is needed");
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    public void Dispose() => handle.Dispose();
}

/// <summary>The stay of one thread in another namespace; disposing it goes back.</summary>
public readonly ref struct NamespaceScope
{
    private readonly int home;

    internal NamespaceScope(int home) => this.home = home;

    public void Dispose()
    {
        if (LibC.SetNs(home, LibC.CloneNewNet) != 0)
            Environment.FailFast($"a thread cannot leave a workload's network namespace: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        _ = LibC.Close(home);
    }
}

public sealed class NamespaceMissingException(string message) : Exception(message);
