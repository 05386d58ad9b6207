using System.Net;
using Mesh.Io;
using Mesh.Proxy.Dns;

namespace Mesh.Proxy.Outbound;

/// <summary>The ranges that services without an address of their own are given. Nothing else lives there, so an unknown one is not sent on.</summary>
internal static class VirtualAddresses
{
    private static readonly IPNetwork V4 = IPNetwork.Parse("240.240.0.0/16");
    private static readonly IPNetwork V6 = IPNetwork.Parse("fd00:240:240::/48");

    /// <summary>Where the names of these addresses are.</summary>
    public static IReadOnlyList<string> ReverseZones { get; } = [ZoneOf(V4), ZoneOf(V6)];

    public static bool Contains(Ip address) => (address.IsV4 ? V4 : V6).Contains(address.ToIPAddress());

    private static string ZoneOf(IPNetwork network)
    {
        var address = Ip.From(network.BaseAddress);
        return ReverseNames.ZoneOf(address.ToBytes().AsSpan(0, network.PrefixLength / 8), address.IsV4);
    }
}
