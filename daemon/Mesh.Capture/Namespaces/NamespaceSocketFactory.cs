using System.Runtime.InteropServices;
using Mesh.Io.Epoll;
using Mesh.Netfilter;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Capture.Namespaces;

/// <summary>Sockets of one workload's namespace. A socket belongs for life to the namespace it was made in, so only the call that makes
/// it happens inside; loops stay where they are. Entering and leaving cost a few microseconds.</summary>
public sealed class NamespaceSocketFactory(NetworkNamespace network) : EpollSocketFactory
{
    private const int BadDescriptor = 9; // EBADF
    private const int NotPermitted = 1; // EPERM

    protected override int CreateSocket(int family, int type, int protocol)
    {
        int errno = 0;
        int fd = -1;
        try
        {
            using (network.Enter())
            {
                fd = base.CreateSocket(family, type, protocol);
                if (fd < 0) errno = Marshal.GetLastPInvokeError();
            }
        }
        catch (ObjectDisposedException)
        {
            errno = BadDescriptor; // the workload was stopped in the meantime
        }
        catch (CaptureException)
        {
            errno = NotPermitted;
        }
        // Leaving the namespace has overwritten the reason.
        if (fd < 0) Marshal.SetLastPInvokeError(errno);
        return fd;
    }
}
