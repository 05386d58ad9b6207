using System.Runtime.InteropServices;

namespace Mesh.Capture.Native;

/// <summary>Making a rename durable needs fsync on the folder, which the framework refuses to open.</summary>
internal static partial class LibC
{
    internal const int OCloExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Fsync(int fd);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);
}
