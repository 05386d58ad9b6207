using System.Runtime.InteropServices;

namespace Mesh.Netfilter.Processes;

/// <summary>A null-terminated array of C strings, as exec wants arguments and environment.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int count;

    internal NativeStrings(string[] values)
    {
        count = values.Length;
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < count; i++) Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
    }

    internal byte** Pointer { get; }

    internal byte* First => Pointer[0];

    public void Dispose()
    {
        for (int i = 0; i < count; i++) Marshal.FreeCoTaskMem((nint)Pointer[i]);
        NativeMemory.Free(Pointer);
    }
}
