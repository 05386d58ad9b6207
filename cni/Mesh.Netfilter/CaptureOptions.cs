using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;

namespace Mesh.Netfilter;

public enum IpFamily
{
    IPv4,
    IPv6,
}

/// <summary>What of a workload's traffic is redirected to the daemon. Travels in the node socket's messages and in enrolment records,
/// whole: what is left out there would silently become false or null.</summary>
public sealed record CaptureOptions
{
    /// <summary>Each exclusion is a rule that the kernel walks for every new connection.</summary>
    public const int MaxExclusionsPerKind = 128;

    // Lists: what an array of numbers does as one is compiled at every start of the plugin.
    private static readonly List<int> NoPorts = [];
    private static readonly List<IPNetwork> NoNetworks = [];

    public static readonly CaptureOptions Default = new();

    [JsonRequired]
    public CapturePorts Ports { get; init; } = CapturePorts.Default;

    /// <summary>Redirect DNS questions (port 53, UDP and TCP) to the daemon.</summary>
    [JsonRequired]
    public bool Dns { get; init; } = true;

    /// <summary>Local TCP ports that stay reachable from outside without the mesh.</summary>
    [JsonRequired]
    public IReadOnlyList<int> ExcludeInboundPorts { get; init; } = NoPorts;

    /// <summary>Clients whose connections are not redirected.</summary>
    [JsonRequired]
    public IReadOnlyList<IPNetwork> ExcludeInboundCidrs { get; init; } = NoNetworks;

    /// <summary>Remote TCP ports that the workload reaches without the mesh.</summary>
    [JsonRequired]
    public IReadOnlyList<int> ExcludeOutboundPorts { get; init; } = NoPorts;

    /// <summary>Destinations that are not touched at all, DNS included.</summary>
    [JsonRequired]
    public IReadOnlyList<IPNetwork> ExcludeOutboundCidrs { get; init; } = NoNetworks;

    /// <summary>Adds one line per fault, each starting with the field's name.</summary>
    public void Validate(ICollection<string> errors)
    {
        CheckPorts("excludeInboundPorts", ExcludeInboundPorts, errors);
        CheckPorts("excludeOutboundPorts", ExcludeOutboundPorts, errors);
        CheckCount("excludeInboundCidrs", ExcludeInboundCidrs.Count, errors);
        CheckCount("excludeOutboundCidrs", ExcludeOutboundCidrs.Count, errors);
        foreach (int port in ExcludeInboundPorts)
        {
            if (Ports.Contains(port)) errors.Add($"excludeInboundPorts: {port} is a port of the daemon itself");
        }
    }

    /// <summary>ADDRESS/PREFIX without host bits: 10.0.0.1/8 is more likely a mistake than a way to write 10.0.0.0/8.</summary>
    public static bool TryParseNetwork(string? text, out IPNetwork network) =>
        IPNetwork.TryParse(text, out network) && IPAddress.TryParse(text.AsSpan(0, text!.IndexOf('/')), out var address) && address.Equals(network.BaseAddress);

    private static void CheckPorts(string field, IReadOnlyList<int> ports, ICollection<string> errors)
    {
        CheckCount(field, ports.Count, errors);
        foreach (int port in ports)
        {
            if (port is < 1 or > 65535) errors.Add($"{field}: {port} is not a port (1 to 65535)");
        }
    }

    private static void CheckCount(string field, int count, ICollection<string> errors)
    {
        if (count > MaxExclusionsPerKind) errors.Add($"{field}: {count} entries, at most {MaxExclusionsPerKind}");
    }

    internal static IEnumerable<IPNetwork> OfFamily(IEnumerable<IPNetwork> networks, IpFamily family) =>
        networks.Where(network => network.BaseAddress.AddressFamily ==
            (family == IpFamily.IPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6));
}

/// <summary>The daemon's listeners inside each workload's namespace.</summary>
public sealed record CapturePorts(int Outbound, int Inbound, int Tunnel, int Dns)
{
    public static readonly CapturePorts Default = new(15001, 15006, 15008, 15053);

    public bool Contains(int port) => port == Outbound || port == Inbound || port == Tunnel || port == Dns;
}

/// <summary>Marks and routing numbers; the same as in Istio's ambient mode, whose tools then recognise ours.</summary>
public static class CaptureMarks
{
    /// <summary>SO_MARK of the daemon's own sockets: the rules let them pass.</summary>
    public const int Packet = 0x539;

    /// <summary>Connection mark of what the daemon opened towards the application: its answers go back to the daemon.</summary>
    public const int Connection = 0x111;

    public const int Mask = 0xfff;

    public const int RouteTable = 100;

    public const int RulePriority = 32764;
}
