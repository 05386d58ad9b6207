using System.Net;

namespace Mesh.Netfilter.Netlink;

/// <summary>The addresses that the calling thread's namespace really holds.</summary>
public static class InterfaceAddresses
{
    private const ushort NewAddress = 20, GetAddress = 22;
    private const ushort AttributeAddress = 1, AttributeLocal = 2;
    private const int HeaderSizeBytes = 8;
    private const byte ScopeUniverse = 0;

    /// <summary>Both families, without loopback and link-local ones.</summary>
    public static IReadOnlyList<IPAddress> Global()
    {
        var addresses = new List<IPAddress>();
        using var socket = new NetlinkSocket();
        var message = new NetlinkMessage(stackalloc byte[128], GetAddress, NetlinkMessage.Dump);
        message.Append([0, 0, 0, 0, 0, 0, 0, 0]);
        socket.Dump(message.Finish(), (type, payload) =>
        {
            if (type == NewAddress && payload.Length >= HeaderSizeBytes && payload[3] == ScopeUniverse) Read(payload[HeaderSizeBytes..], addresses);
        });
        return addresses;
    }

    private static void Read(ReadOnlySpan<byte> attributes, List<IPAddress> addresses)
    {
        // On a point-to-point device IFA_ADDRESS is the peer's; IFA_LOCAL, where there is one, is ours.
        var bytes = NetlinkAttributes.Find(attributes, AttributeLocal);
        if (bytes.IsEmpty) bytes = NetlinkAttributes.Find(attributes, AttributeAddress);
        if (bytes.Length is 4 or 16) addresses.Add(new IPAddress(bytes));
    }
}
