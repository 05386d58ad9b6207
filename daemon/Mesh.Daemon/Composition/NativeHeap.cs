using System.Runtime.InteropServices;

namespace Mesh.Daemon.Composition;

/// <summary>The C library's allocator (mallopt(3)), from which the compiler and OpenSSL take their memory.</summary>
internal static partial class NativeHeap
{
    private const int ArenaMax = -8; // M_ARENA_MAX

    /// <summary>Left alone the allocator gives each thread that meets another one in an arena a new arena, up to eight for each core, and what a thread of the pool or the compiler
    /// returns stays in the arena it came from: resident memory grows with the number of threads that ever worked.</summary>
    /// <param name="arenas">At least as many as threads that allocate all the time, which are the worker loops.</param>
    public static void Share(int arenas) => SetOption(ArenaMax, arenas);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
