using System.Buffers.Binary;
using Mesh.NodeSocket.Native;

namespace Mesh.NodeSocket;

/// <summary>What shows that a file is not as it was, without reading it: another inode, another length, another time of its last change (which no program can set).</summary>
public readonly record struct FileStamp(ulong Inode, ulong LengthBytes, long ChangedSeconds, uint ChangedNanoseconds)
{
    private const int StatxSizeBytes = 256;
    private const int InodeOffset = 32;
    private const int LengthOffset = 40;
    private const int ChangedOffset = 96;

    /// <summary>Behind links; null where there is no such file.</summary>
    public static unsafe FileStamp? Of(string path)
    {
        byte* buffer = stackalloc byte[StatxSizeBytes];
        if (LibC.Statx(LibC.AtCurrentFolder, path, 0, LibC.StatxBasic, buffer) != 0) return null;
        var fields = new ReadOnlySpan<byte>(buffer, StatxSizeBytes);
        return new(
            BinaryPrimitives.ReadUInt64LittleEndian(fields[InodeOffset..]), BinaryPrimitives.ReadUInt64LittleEndian(fields[LengthOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[ChangedOffset..]), BinaryPrimitives.ReadUInt32LittleEndian(fields[(ChangedOffset + 8)..]));
    }
}
