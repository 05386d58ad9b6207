namespace Mesh.Netfilter.Rules;

/// <summary>Writes the redirection of one namespace. Pure.
/// The argument: a packet of the workload passes to the network only if the daemon sent it (its mark) or an exclusion names it; everything else
/// that is TCP goes to a port of the daemon and is refused by the kernel when nobody listens there. Nothing here depends on the daemon being alive.</summary>
internal static class RuleSetBuilder
{
    internal const string PreroutingChain = "MESH_PREROUTING";
    internal const string OutputChain = "MESH_OUTPUT";
    internal const string InputChain = "MESH_INPUT";

    private const string FromDaemon = "-m mark --mark 0x539/0xfff";
    private const string NotFromDaemon = "-m mark ! --mark 0x539/0xfff";
    private const string Refuse = "-j REJECT --reject-with tcp-reset";

    internal static RuleSet Build(CaptureOptions options, IpFamily family)
    {
        var tables = new List<TableRules>();
        if (options.Dns) tables.Add(DnsZones());
        tables.Add(SourceAddressMarks());
        tables.Add(OwnPorts(options.Ports));
        tables.Add(Redirection(options, family));
        return new(family, tables);
    }

    /// <summary>The daemon's own questions to port 53 get a connection tracking zone of their own: a question of the workload and the daemon's copy
    /// of it may use the same source port towards the same server, and would otherwise be one connection.</summary>
    private static TableRules DnsZones() => new("raw",
    [
        new(PreroutingChain, "PREROUTING", [$"-p udp -m udp --sport 53 {NotFromDaemon} -j CT --zone 1"]),
        new(OutputChain, "OUTPUT", [$"-p udp -m udp --dport 53 {FromDaemon} -j CT --zone 1"]),
    ]);

    /// <summary>The daemon connects to the application from the client's address. The connection remembers the daemon's mark, and the
    /// application's answers carry it, so that the routing rule delivers them locally instead of sending them to that client.</summary>
    private static TableRules SourceAddressMarks() => new("mangle",
    [
        new(PreroutingChain, "PREROUTING", [$"{FromDaemon} -j CONNMARK --set-xmark 0x111/0xfff"]),
        new(OutputChain, "OUTPUT", ["-m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"]),
    ]);

    /// <summary>Connections that name the daemon's ports themselves, from outside or from the workload, would make it connect to itself.
    /// The original destination decides, since redirected connections arrive on the same ports.</summary>
    private static TableRules OwnPorts(CapturePorts ports)
    {
        var rules = new List<string>
        {
            $"-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports {ports.Outbound},{ports.Inbound} -m conntrack ! --ctstate DNAT {Refuse}",
        };
        foreach (int port in (int[])[ports.Outbound, ports.Inbound, ports.Dns])
            rules.Add($"! -i lo -p tcp -m conntrack --ctorigdstport {port} --ctdir ORIGINAL {Refuse}");
        return new("filter", [new(InputChain, "INPUT", rules)]);
    }

    private static TableRules Redirection(CaptureOptions options, IpFamily family) => new("nat",
    [
        new(PreroutingChain, "PREROUTING", Inbound(options, family)),
        new(OutputChain, "OUTPUT", Outbound(options, family)),
    ]);

    private static List<string> Inbound(CaptureOptions options, IpFamily family)
    {
        var rules = new List<string>();
        foreach (var network in CaptureOptions.OfFamily(options.ExcludeInboundCidrs, family)) rules.Add($"-s {network} -j RETURN");
        foreach (int port in options.ExcludeInboundPorts) rules.Add($"-p tcp -m tcp --dport {port} -j RETURN");
        rules.Add($"! -d {Loopback(family)} -p tcp -m tcp ! --dport {options.Ports.Tunnel} {NotFromDaemon} -j REDIRECT --to-ports {options.Ports.Inbound}");
        return rules;
    }

    private static List<string> Outbound(CaptureOptions options, IpFamily family)
    {
        var rules = new List<string>();
        foreach (var network in CaptureOptions.OfFamily(options.ExcludeOutboundCidrs, family)) rules.Add($"-d {network} -j RETURN");
        foreach (int port in options.ExcludeOutboundPorts) rules.Add($"-p tcp -m tcp --dport {port} -j RETURN");
        if (options.Dns)
        {
            rules.Add($"! -o lo -p udp -m udp --dport 53 {NotFromDaemon} -j REDIRECT --to-ports {options.Ports.Dns}");
            rules.Add($"! -o lo -p tcp -m tcp --dport 53 {NotFromDaemon} -j REDIRECT --to-ports {options.Ports.Dns}");
        }
        rules.Add("-p tcp -m mark --mark 0x111/0xfff -j RETURN");
        rules.Add("-o lo -j RETURN"); // loopback, and the workload calling its own address
        rules.Add($"! -d {Loopback(family)} -p tcp {NotFromDaemon} -j REDIRECT --to-ports {options.Ports.Outbound}");
        return rules;
    }

    private static string Loopback(IpFamily family) => family == IpFamily.IPv4 ? "127.0.0.0/8" : "::1/128";
}
