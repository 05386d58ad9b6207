using System.Text;
using Mesh.Netfilter.Native;

namespace Mesh.Netfilter.Files;

/// <summary>Settings of the kernel and other small files, read whole by plain system calls: preparing the framework's streams takes a plugin call longer than
/// what they read.</summary>
public static unsafe class SmallFile
{
    /// <summary>Null when it is absent or cannot be read. What is beyond the limit is left out.</summary>
    public static string? TryRead(string path, int limitBytes)
    {
        int fd = LibC.Open(path, LibC.ORdOnly | LibC.OCloExec);
        if (fd < 0) return null;
        var content = new byte[limitBytes];
        int length = 0;
        nint count = 0;
        fixed (byte* start = content)
        {
            while (length < limitBytes && (count = LibC.Read(fd, start + length, limitBytes - length)) > 0) length += (int)count;
        }
        _ = LibC.Close(fd);
        return count < 0 ? null : Encoding.UTF8.GetString(content, 0, length);
    }
}
