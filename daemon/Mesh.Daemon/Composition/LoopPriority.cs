using System.Runtime.InteropServices;
using Mesh.Io;

namespace Mesh.Daemon.Composition;

/// <summary>Worker loops come before the daemon's other threads, so that a scrape, a new configuration or a collection of metrics does not delay requests where
/// there are few cores.</summary>
internal static partial class LoopPriority
{
    /// <summary>Three times the weight of an ordinary thread, and woken before one (sched(7)).</summary>
    private const int Nice = -5;
    private const int PrioProcess = 0; // on Linux: one thread

    /// <summary>Without effect where the process may not: that takes RLIMIT_NICE, as the systemd unit gives it, or CAP_SYS_NICE.</summary>
    public static void Raise(Loop loop) => loop.Post(static _ => SetPriority(PrioProcess, who: 0, Nice), null);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int nice);
}
