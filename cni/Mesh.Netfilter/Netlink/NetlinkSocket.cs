using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mesh.Netfilter.Native;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Netfilter.Netlink;

/// <summary>A routing socket of the network namespace in which the thread was when it was made. Not thread-safe.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private const ushort ErrorType = 2;
    private const ushort DoneType = 3;
    private const int ReceiveSizeBytes = 32 << 10; // the kernel's largest dump part
    private readonly SafeFileHandle handle;
    private readonly byte[] received = new byte[ReceiveSizeBytes];

    internal NetlinkSocket()
    {
        int fd = LibC.Socket(LibC.AfNetlink, LibC.SockRaw | LibC.SockCloExec, 0);
        if (fd < 0) throw new CaptureException($"cannot open a routing socket: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        handle = new(fd, ownsHandle: true);
        long* timeout = stackalloc long[2] { 2, 0 }; // struct timeval; the kernel answers at once
        _ = LibC.SetSockOpt(fd, LibC.SolSocket, LibC.SoRcvTimeo, timeout, 16);
    }

    private int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Sends a request that asked for an acknowledgement; returns 0 or the error number.</summary>
    internal int Execute(ReadOnlySpan<byte> request)
    {
        int errno = 0;
        Exchange(request, (_, _) => { }, ref errno);
        return errno;
    }

    /// <summary>Calls back with type and payload of every object. Returns 0 or the error number.</summary>
    internal int Dump(ReadOnlySpan<byte> request, NetlinkObject found)
    {
        int errno = 0;
        Exchange(request, found, ref errno);
        return errno;
    }

    private void Exchange(ReadOnlySpan<byte> request, NetlinkObject found, ref int errno)
    {
        fixed (byte* start = request)
        {
            if (LibC.Send(Descriptor, start, request.Length, 0) < 0) throw Failed("send");
        }
        while (!ReadPart(found, ref errno)) { }
    }

    private bool ReadPart(NetlinkObject found, ref int errno)
    {
        nint count;
        fixed (byte* start = received) count = LibC.Receive(Descriptor, start, received.Length, 0);
        if (count <= 0) throw Failed("receive");
        for (var rest = received.AsSpan(0, (int)count); rest.Length >= NetlinkMessage.HeaderSizeBytes;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
            if (length < NetlinkMessage.HeaderSizeBytes || length > rest.Length) throw new CaptureException("the kernel sent a malformed routing message");
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
            var payload = rest[NetlinkMessage.HeaderSizeBytes..length];
            if (type is ErrorType or DoneType)
            {
                if (payload.Length >= 4) errno = -BinaryPrimitives.ReadInt32LittleEndian(payload);
                return true;
            }
            found(type, payload);
            rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        }
        return false;
    }

    private static CaptureException Failed(string call) => new($"routing socket: {call} failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");

    public void Dispose() => handle.Dispose();
}

internal delegate void NetlinkObject(ushort type, ReadOnlySpan<byte> payload);

/// <summary>Walks the attributes that follow an object's fixed header.</summary>
internal static class NetlinkAttributes
{
    /// <summary>Empty when there is none of that type.</summary>
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length) return [];
            ushort type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & 0x3fff);
            if (type == wanted) return attributes[4..length];
            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }
        return [];
    }

    internal static uint? FindNumber(ReadOnlySpan<byte> attributes, ushort wanted) =>
        Find(attributes, wanted) is { Length: 4 } value ? BinaryPrimitives.ReadUInt32LittleEndian(value) : null;
}
