using System.Net;
using System.Runtime.InteropServices;
using Mesh.Netfilter.Native;

namespace Mesh.Netfilter;

/// <summary>Addresses as text, by the C library: strict, and the framework's own code for it cannot be compiled ahead of time.</summary>
public static unsafe class AddressText
{
    private const int V4SizeBytes = 4;
    private const int V6SizeBytes = 16;
    private const int MaxTextBytes = 46; // INET6_ADDRSTRLEN

    /// <summary>Null unless it is four decimal numbers or an IPv6 address without a zone.</summary>
    public static IPAddress? TryParse(string text)
    {
        if (text.Contains('\0')) return null; // ends a C string
        byte* address = stackalloc byte[V6SizeBytes];
        if (LibC.AddressFromText(LibC.AfInet, text, address) == 1) return new(new ReadOnlySpan<byte>(address, V4SizeBytes));
        return LibC.AddressFromText(LibC.AfInet6, text, address) == 1 ? new(new ReadOnlySpan<byte>(address, V6SizeBytes)) : null;
    }

    public static string Format(IPAddress address)
    {
        byte* bytes = stackalloc byte[V6SizeBytes];
        byte* text = stackalloc byte[MaxTextBytes];
        address.TryWriteBytes(new(bytes, V6SizeBytes), out int length);
        _ = LibC.AddressToText(length == V4SizeBytes ? LibC.AfInet : LibC.AfInet6, bytes, text, MaxTextBytes);
        return Marshal.PtrToStringUTF8((nint)text)!;
    }
}
