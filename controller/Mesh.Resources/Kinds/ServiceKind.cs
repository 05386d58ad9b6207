using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class ServiceKind
{
    private static readonly ObjectType port = new(
        Optional("name", Text(TextFormats.PortName, 15), "Name of the port; its prefix (http, grpc, tcp, redis, tls) tells the protocol when appProtocol is absent."),
        Needed("port", Port, "Port that clients connect to."),
        Optional("targetPort", PortOrName, "Port of the process: a number, or a name of Workload.spec.ports. Default: the same as port."),
        Optional("protocol", new StringType { Values = ["TCP"], NotYet = ["UDP", "SCTP"] }, "Transport protocol.", "\"TCP\""),
        Optional("appProtocol", OneOf(AppProtocols.Names), "Protocol spoken on the port. Absent: by the port's name, else detected from the first bytes."),
        NotYet("nodePort", "Port on every node."));

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Core,
        Versions = ["v1"],
        Kind = "Service",
        Plural = "services",
        ShortNames = ["svc"],
        NameFormat = TextFormats.ServiceName,
        Doc = "A logical name for workloads: a virtual address, ports, and the DNS name <service>.<namespace>.mesh.",
        Spec = BuildSpec(),
        Status = new ObjectType(
            Optional("conditions", StatusTypes.ConditionList, "What the controller found about this service."),
            Optional("virtualAddresses", ListOf(Text(TextFormats.Address)), "Addresses allocated for the service; kept over restarts."),
            Optional("loadBalancer", Any, "Accepted from clients of Kubernetes; has no effect.")),
        Columns =
        [
            new Column("Type", "How the service is reached.", resource => resource.Spec?["type"]?.ToString() ?? "ClusterIP"),
            new Column("Cluster-IP", "Virtual address.", ClusterAddress),
            new Column("External-IP", "Always none.", _ => "<none>"),
            new Column("Port(s)", "Ports.", Ports),
            new Column("Selector", "Labels of the workloads behind it.", Selector, Wide: true),
        ],
    };

    private static ObjectType BuildSpec() => new(
        Optional("selector", Labels, "Workloads of the same namespace with all these labels are behind the service. Absent: none are."),
        Needed("ports", ListOf(port, max: 100, min: 1, "port", "protocol"), "Ports of the service."),
        Optional("clusterIP", Text(TextFormats.ClusterAddress), "Virtual address; \"None\" for none; empty: allocated from the mesh's virtualAddresses, 240.240.0.0/16 by default."),
        Optional("clusterIPs", ListOf(Text(TextFormats.ClusterAddress), max: 2), "Virtual addresses of both families; the first equals clusterIP."),
        Optional("type", new StringType { Values = ["ClusterIP"], NotYet = ["NodePort", "LoadBalancer", "ExternalName"] }, "Only ClusterIP.", "\"ClusterIP\""),
        Optional("internalTrafficPolicy", new StringType { Values = ["Cluster"], NotYet = ["Local"] }, "Only Cluster: workloads of every node."),
        Optional("sessionAffinity", new StringType { Values = ["None"], NotYet = ["ClientIP"] }, "Only None."),
        Optional("ipFamilies", ListOf(OneOf("IPv4", "IPv6"), max: 2), "Accepted from clients of Kubernetes; both families are always served."),
        Optional("ipFamilyPolicy", OneOf("SingleStack", "PreferDualStack", "RequireDualStack"), "Accepted from clients of Kubernetes; both families are always served."),
        NotYet("externalIPs", "Addresses outside the mesh."),
        NotYet("externalName", "Alias of another DNS name."),
        NotYet("externalTrafficPolicy", "Routing of traffic from outside."),
        NotYet("healthCheckNodePort", "Port of health checks of load balancers."),
        NotYet("loadBalancerClass", "Implementation of the load balancer."),
        NotYet("loadBalancerIP", "Address of the load balancer."),
        NotYet("loadBalancerSourceRanges", "Clients of the load balancer."),
        NotYet("allocateLoadBalancerNodePorts", "Node ports of load balancers."),
        NotYet("publishNotReadyAddresses", "Endpoints that are not ready."),
        NotYet("sessionAffinityConfig", "Options of session affinity."),
        NotYet("trafficDistribution", "Preference for near endpoints."))
    {
        Check = CheckSpec,
    };

    private static void CheckSpec(ObjectCheck spec)
    {
        var addresses = spec.Items("clusterIPs");
        if (addresses.Count > 0 && spec.Text("clusterIP") is { } first && addresses[0]?.ToString() != first)
            spec.Invalid("clusterIPs", $"must start with clusterIP, which is \"{first}\"");

        var ports = spec.Items("ports").OfType<JsonObject>().ToList();
        if (ports.Count > 1 && ports.Any(port => port["name"] is null))
            spec.Required("ports", "each port must have a name when there are several");

        if (ports.Select(port => port["name"]?.ToString()).OfType<string>().GroupBy(name => name).FirstOrDefault(names => names.Count() > 1) is { } repeated)
            spec.Invalid("ports", $"must have different names, \"{repeated.Key}\" is used twice");
    }

    private static string ClusterAddress(Resource service) =>
        service.Spec?["clusterIP"]?.ToString() is { Length: > 0 } given ? given
        : service.Status?["virtualAddresses"] is JsonArray { Count: > 0 } addresses ? addresses[0]!.ToString() : "<pending>";

    private static string Ports(Resource service) => service.Spec?["ports"] is JsonArray ports
        ? string.Join(",", ports.Select(port => $"{port?["port"]}/{port?["protocol"] ?? "TCP"}")) : "<none>";

    private static string Selector(Resource service) => service.Spec?["selector"] is JsonObject selector
        ? string.Join(",", selector.Select(entry => $"{entry.Key}={entry.Value}")) : "<none>";
}
