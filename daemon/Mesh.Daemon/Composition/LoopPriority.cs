using System.Runtime.InteropServices;
using Mesh.Io;

namespace Mesh.Daemon.Composition;

/// <summary>Worker loops come before the daemon's other threads, so that a scrape, a new configuration or a collection of metrics does not delay requests where
/// there are few cores.</summary>
internal static partial class LoopPriority
{
    /// <summary>Three times the weight of an ordinary thread (sched(7)).</summary>
    private const int Nice = -5;

    /// <summary>The least that the kernel takes. A thread that wakes up does not wait for the end of another's slice (some 3 ms) if its own is shorter (Linux 6.12; an older
    /// kernel knows no slices of threads).</summary>
    private const ulong SliceNanoseconds = 100_000;

    private const int PrioProcess = 0; // on Linux: one thread

    /// <summary>A lower nice value takes RLIMIT_NICE, as the systemd unit gives it, or CAP_SYS_NICE. A better one that the operator chose stays; where the process may not, the loop has only the shorter slice.</summary>
    public static void Raise(Loop loop) => loop.Post(static _ => Raise(), null);

    private static void Raise()
    {
        int own = GetPriority(PrioProcess, who: 0);
        if (SetScheduling(Math.Min(own, Nice)) < 0) SetScheduling(own);
    }

    private static unsafe int SetScheduling(int nice)
    {
        var attributes = new SchedulingAttributes { Size = (uint)sizeof(SchedulingAttributes), Nice = nice, Runtime = SliceNanoseconds };
        return (int)SystemCall(SetSchedulingNumber, thread: 0, &attributes, flags: 0);
    }

    /// <summary>sched_setattr: in the C library only since glibc 2.41.</summary>
    private static nint SetSchedulingNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 274 : 314;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static unsafe partial nint SystemCall(nint number, nint thread, SchedulingAttributes* attributes, nuint flags);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint who);

    /// <summary>struct sched_attr; policy 0 is that of ordinary threads, whose run time is the slice.</summary>
    private struct SchedulingAttributes
    {
        public uint Size, Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime, Deadline, Period;
    }
}
