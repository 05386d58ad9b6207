using System.Runtime.InteropServices;
using Mesh.Netfilter.Native;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Netfilter.Processes;

/// <summary>A file in memory. Standard streams of children are such files and not pipes: nothing can fill up and block either side.</summary>
internal sealed unsafe class MemoryFile : IDisposable
{
    private readonly SafeFileHandle handle;

    internal MemoryFile(string name)
    {
        int fd = LibC.MemfdCreate(name, LibC.MfdCloExec);
        if (fd < 0) throw new CaptureException($"memfd_create failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        handle = new(fd, ownsHandle: true);
    }

    internal int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Writes everything and goes back to the start.</summary>
    internal void Fill(ReadOnlySpan<byte> content)
    {
        fixed (byte* start = content)
        {
            for (int written = 0; written < content.Length;)
            {
                nint count = LibC.Write(Descriptor, start + written, content.Length - written);
                if (count <= 0) throw new CaptureException($"writing a memory file failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
                written += (int)count;
            }
        }
        LibC.Lseek(Descriptor, 0, LibC.SeekSet);
    }

    /// <exception cref="CaptureException">There is more than the limit.</exception>
    internal byte[] ReadAll(int limitBytes)
    {
        long length = LibC.Lseek(Descriptor, 0, LibC.SeekEnd);
        if (length > limitBytes) throw new CaptureException($"a child process wrote {length} bytes, more than the limit of {limitBytes}");
        LibC.Lseek(Descriptor, 0, LibC.SeekSet);
        var content = new byte[length];
        fixed (byte* start = content)
        {
            for (int read = 0; read < content.Length;)
            {
                nint count = LibC.Read(Descriptor, start + read, content.Length - read);
                if (count <= 0) throw new CaptureException($"reading a memory file failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
                read += (int)count;
            }
        }
        return content;
    }

    public void Dispose() => handle.Dispose();
}
