using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Mesh.Netfilter.Native;

namespace Mesh.Netfilter.Namespaces;

/// <summary>What tells one living namespace from another on this machine since boot: the file's device and inode on nsfs.
/// The kernel reuses inodes after a namespace ended.</summary>
public readonly record struct NamespaceId(ulong Device, ulong Inode)
{
    private const int StatxSizeBytes = 256;
    private const int InodeOffset = 32;
    private const int DeviceMajorOffset = 136;

    internal static unsafe NamespaceId Of(int fd)
    {
        byte* buffer = stackalloc byte[StatxSizeBytes];
        if (LibC.Statx(fd, "", LibC.AtEmptyPath, LibC.StatxIno, buffer) != 0)
            throw new CaptureException($"statx of a namespace failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        var fields = new ReadOnlySpan<byte>(buffer, StatxSizeBytes);
        ulong inode = BinaryPrimitives.ReadUInt64LittleEndian(fields[InodeOffset..]);
        uint major = BinaryPrimitives.ReadUInt32LittleEndian(fields[DeviceMajorOffset..]);
        uint minor = BinaryPrimitives.ReadUInt32LittleEndian(fields[(DeviceMajorOffset + 4)..]);
        return new((ulong)major << 32 | minor, inode);
    }

    // Written out: the comparers that the compiler would use are made by reflection.
    public bool Equals(NamespaceId other) => Device == other.Device && Inode == other.Inode;

    public override int GetHashCode() => HashCode.Combine(Device, Inode);

    /// <summary>As the kernel prints it: net:[4026531840].</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"net:[{Inode}]");
}
