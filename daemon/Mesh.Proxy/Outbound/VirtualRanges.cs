using System.Net;
using Mesh.Io;
using Mesh.Proxy.Dns;

namespace Mesh.Proxy.Outbound;

/// <summary>The ranges from which services without an address of their own are given one. Nothing else lives there, so an unknown address is not sent on.</summary>
/// <param name="V4">Whole bytes.</param>
/// <param name="V6">Likewise.</param>
public sealed record VirtualRanges(IPNetwork V4, IPNetwork V6)
{
    public static VirtualRanges Default { get; } = new(IPNetwork.Parse("240.240.0.0/16"), IPNetwork.Parse("fd00:240:240::/48"));

    /// <summary>Where the names of these addresses are.</summary>
    internal IReadOnlyList<string> ReverseZones => [ZoneOf(V4), ZoneOf(V6)];

    internal bool Contains(Ip address) => (address.IsV4 ? V4 : V6).Contains(address.ToIPAddress());

    private static string ZoneOf(IPNetwork network)
    {
        var address = Ip.From(network.BaseAddress);
        return ReverseNames.ZoneOf(address.ToBytes().AsSpan(0, network.PrefixLength / 8), address.IsV4);
    }
}
