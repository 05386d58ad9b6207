using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mesh.Load.Native;

/// <summary>Waiting for readable sockets with a timeout in nanoseconds, which the framework's own waiting does not have.</summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int Add = 1, Readable = 1, Interrupted = 4, SetTimerSlack = 29;

    // The kernel packs epoll_event on x64 only.
    private static readonly int eventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly int epoll;
    private readonly byte[] events = GC.AllocateArray<byte>(64 * 16, pinned: true);

    public Epoll()
    {
        // Otherwise timeouts may be 50 µs late, as much as what is measured.
        _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        epoll = Checked(Create(0));
    }

    /// <param name="key">Given back by <see cref="Ready"/>. A closed socket leaves by itself.</param>
    public void Watch(nint socket, int key)
    {
        byte* item = stackalloc byte[16];
        *(uint*)item = Readable;
        *(long*)(item + eventBytes - 8) = key;
        _ = Checked(Control(epoll, Add, (int)socket, item));
    }

    /// <returns>How many sockets are readable; their keys by <see cref="Ready"/>.</returns>
    public int Wait(long nanoseconds)
    {
        var timeout = new Timespec(nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        fixed (byte* buffer = events)
        {
            int count = Wait(epoll, buffer, 64, &timeout, null, 8);
            return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Checked(count);
        }
    }

    public int Ready(int index) => (int)BitConverter.ToInt64(events, (index * eventBytes) + eventBytes - 8);

    public void Dispose() => _ = Close(epoll);

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(long Seconds, long Nanoseconds);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int fd, byte* item);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int Wait(int epoll, byte* events, int most, Timespec* timeout, void* signals, nint signalBytes);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);
}
