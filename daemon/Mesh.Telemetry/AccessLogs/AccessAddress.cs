using System.Net;
using System.Runtime.CompilerServices;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>An address and port as a record keeps them: 16 bytes in network order, IPv4 in its mapped form.</summary>
public struct AccessAddress
{
    private Bytes16 bytes;
    private ushort port;
    private bool known;

    /// <param name="v6Bytes">16 bytes.</param>
    public void Set(ReadOnlySpan<byte> v6Bytes, ushort portNumber)
    {
        v6Bytes[..16].CopyTo(bytes);
        (port, known) = (portNumber, true);
    }

    /// <summary>"" when it is not known.</summary>
    public override readonly string ToString()
    {
        if (!known) return "";
        var address = new IPAddress(bytes);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port).ToString();
    }

    [InlineArray(16)]
    private struct Bytes16
    {
        private byte element;
    }
}
