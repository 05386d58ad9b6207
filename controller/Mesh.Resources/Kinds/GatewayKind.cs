using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class GatewayKind
{
    /// <summary>Gateways of another class belong to another implementation and are left alone.</summary>
    public const string OwnClass = "meshd";

    private static readonly ObjectType allowedRoutes = new(
        Optional("namespaces", new ObjectType(
            Optional("from", OneOf("Same", "All", "Selector", "None"), "Namespaces whose routes may attach.", "\"Same\""),
            Optional("selector", Selectors.LabelSelector, "Labels of the namespaces, with from: Selector.")), "Namespaces whose routes may attach.", "{\"from\":\"Same\"}"),
        Optional("kinds", ListOf(new ObjectType(
            Optional("group", OneOf(Groups.Gateway), "Group of the route.", $"\"{Groups.Gateway}\""),
            Needed("kind", new StringType { Values = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"], NotYet = ["UDPRoute"] }, "Kind of the route.")), max: 8), "Kinds of routes that may attach. Absent: those that fit the protocol."));

    private static readonly ObjectType listenerTls = new(
        Optional("mode", new StringType { Values = ["Passthrough"], NotYet = ["Terminate"] }, "Passthrough: connections are routed by server name and not decrypted.", "\"Terminate\""),
        NotYet("certificateRefs", "Certificates of the listener."),
        NotYet("frontendValidation", "Certificates of clients."),
        NotYet("options", "Options of implementations."));

    private static readonly ObjectType listener = new(
        Needed("name", Text(TextFormats.DnsSubdomain, 253), "Name of the listener, for sectionName of routes."),
        Needed("port", Port, "Port to listen on."),
        Needed("protocol", new StringType { Values = ["HTTP", "TCP", "TLS"], NotYet = ["HTTPS", "UDP"] }, "Protocol of the clients. TLS is passed through undecrypted: tls.mode must say so."),
        Optional("hostname", Text(TextFormats.Hostname, 253), "Only requests, or with protocol TLS connections, for this host; absent: every host."),
        Optional("allowedRoutes", allowedRoutes, "Which routes may attach.", "{\"namespaces\":{\"from\":\"Same\"}}"),
        Optional("tls", listenerTls, "How TLS is handled. Needed with protocol TLS, and only there."))
    {
        Check = CheckListener,
    };

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1", "v1beta1"],
        Kind = "Gateway",
        Plural = "gateways",
        ShortNames = ["gtw"],
        Doc = "Explicit ports of a daemon, for traffic that enters or leaves the mesh. The annotation mesh.internal/node names the machine; absent: every machine.",
        Spec = new ObjectType(
            Needed("gatewayClassName", Text(TextFormats.DnsSubdomain, 253), "meshd, or the class of another implementation."),
            Optional("addresses", ListOf(new ObjectType(
                Optional("type", new StringType { Values = ["IPAddress"], NotYet = ["Hostname", "NamedAddress"] }, "Kind of the address.", "\"IPAddress\""),
                Needed("value", Text(TextFormats.Address), "Address to listen on.")), max: 16), "Addresses to listen on; absent: every address of the machine."),
            Needed("listeners", ListOf(listener, max: 64, min: 1, "name"), "Ports to listen on."),
            NotYet("infrastructure", "Attributes of generated objects."),
            NotYet("backendTLS", "TLS towards backends."),
            NotYet("tls", "TLS of all listeners."),
            NotYet("allowedListeners", "Listener sets that may attach."))
        {
            Check = DistinctListeners,
        },
        Status = new ObjectType(
            Optional("conditions", StatusTypes.ConditionList, "Accepted and Programmed."),
            Optional("addresses", ListOf(Any), "Addresses in use."),
            Optional("listeners", ListOf(Any), "State of each listener.")),
        Columns =
        [
            new Column("Class", "Gateway class.", resource => resource.Spec?["gatewayClassName"]?.ToString() ?? ""),
            new Column("Address", "Addresses.", resource => resource.Spec?["addresses"] is JsonArray list ? string.Join(",", list.Select(item => item?["value"])) : "*"),
            new Column("Ports", "Ports.", resource => resource.Spec?["listeners"] is JsonArray list ? string.Join(",", list.Select(item => item?["port"])) : ""),
        ],
    };

    private static void CheckListener(ObjectCheck listener)
    {
        var protocol = listener.Text("protocol");
        if (listener.Has("hostname") && protocol == "TCP")
            listener.Invalid("hostname", "must be absent for protocol TCP, which carries no host name");
        if (protocol == "TLS" && !listener.Has("tls"))
            listener.Required("tls", "must be given for protocol TLS: { mode: Passthrough }");
        if (protocol is "HTTP" or "TCP" && listener.Has("tls"))
            listener.Invalid("tls", $"must be absent for protocol {protocol}");
    }

    // Listeners on one port are told apart by the hostname, which HTTP and TLS show.
    private static void DistinctListeners(ObjectCheck spec)
    {
        var listeners = spec.Children("listeners").Select(listener => (Port: listener.Integer("port"), Protocol: listener.Text("protocol"), Host: listener.Text("hostname"))).ToList();
        foreach (var group in listeners.GroupBy(listener => listener.Port).Where(group => group.Count() > 1))
        {
            var oneProtocol = group.First().Protocol is "HTTP" or "TLS" && group.All(listener => listener.Protocol == group.First().Protocol);
            if (!oneProtocol || group.Select(listener => listener.Host).Distinct().Count() < group.Count())
                spec.Invalid("listeners", $"share port {group.Key} without different hostnames of one protocol, HTTP or TLS");
        }
    }
}
