using System.Net;
using Mesh.Io;

namespace Mesh.Proxy.Outbound;

/// <summary>The ranges that services without an address of their own are given. Nothing else lives there, so an unknown one is not sent on.</summary>
internal static class VirtualAddresses
{
    private static readonly IPNetwork V4 = IPNetwork.Parse("240.240.0.0/16");
    private static readonly IPNetwork V6 = IPNetwork.Parse("fd00:240:240::/48");

    public static bool Contains(Ip address) => (address.IsV4 ? V4 : V6).Contains(address.ToIPAddress());
}
