using System.Runtime.InteropServices;

namespace Mesh.Daemon.Composition;

/// <summary>The C library's allocator (mallopt(3)), from which the compiler and OpenSSL take their memory. Left alone it keeps what they return: resident memory
/// grows with the number of threads that ever worked.</summary>
internal static partial class NativeHeap
{
    private const int ArenaMax = -8, MmapThreshold = -3; // M_ARENA_MAX, M_MMAP_THRESHOLD

    /// <summary>The compiler takes its memory in pieces of this, megabytes for a large method; its thread ends when there is nothing to compile, and the next one has another arena.
    /// As mappings of their own they are gone when they are returned.</summary>
    private const int CompilerPieceBytes = 64 * 1024;

    /// <param name="arenas">At least as many as threads that allocate all the time, which are the worker loops. Otherwise a thread that meets another one in an arena
    /// gets one of its own, up to eight for each core.</param>
    public static void Restrain(int arenas)
    {
        SetOption(ArenaMax, arenas);
        SetOption(MmapThreshold, CompilerPieceBytes);
    }

    /// <summary>Gives back what is free in every arena: what the start took before anything could be restrained.</summary>
    public static void Trim() => Trim(keep: 0);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
