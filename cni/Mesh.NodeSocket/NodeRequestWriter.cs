using System.Buffers;
using System.Net;
using System.Text.Json;
using Mesh.Netfilter;

namespace Mesh.NodeSocket;

/// <summary>Writes what <see cref="NodeJson"/> would write, field by field. The plugin runs for some milliseconds and writes one request: preparing the serializer
/// for all these types would take longer than all else that it does.</summary>
public static class NodeRequestWriter
{
    public static byte[] Enrol(Enrolment enrolment) => Write(new NodeRequest { Verb = NodeVerb.Enrol, Enrolment = enrolment });

    public static byte[] Write(NodeRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", request.Version);
            json.WriteString("verb", NameOf(request.Verb));
            if (request.Enrolment is { } enrolment) Write(json, enrolment);
            if (request.Attachment is { } attachment) Write(json, attachment);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    // Names of enum values by reflection cost more than the request.
    private static string NameOf(NodeVerb verb) => verb switch
    {
        NodeVerb.Ping => nameof(NodeVerb.Ping),
        NodeVerb.Enrol => nameof(NodeVerb.Enrol),
        NodeVerb.Unenrol => nameof(NodeVerb.Unenrol),
        NodeVerb.Check => nameof(NodeVerb.Check),
        _ => nameof(NodeVerb.List),
    };

    private static void Write(Utf8JsonWriter json, Enrolment enrolment)
    {
        json.WriteStartObject("enrolment");
        json.WriteString("namespace", enrolment.Namespace);
        json.WriteString("workload", enrolment.Workload);
        WriteOptional(json, "serviceAccount", enrolment.ServiceAccount);
        json.WriteStartObject("labels");
        foreach (var (key, value) in enrolment.Labels) json.WriteString(key, value);
        json.WriteEndObject();
        WriteTexts(json, "addresses", enrolment.Addresses);
        Write(json, enrolment.Attachment);
        WriteOptional(json, "network", enrolment.Network);
        WriteOptional(json, "podUid", enrolment.PodUid);
        json.WriteString("namespacePath", enrolment.NamespacePath);
        json.WriteNumber("namespaceInode", enrolment.NamespaceInode);
        WriteTexts(json, "resolvers", enrolment.Resolvers);
        WriteTexts(json, "searchDomains", enrolment.SearchDomains);
        WriteTexts(json, "resolverFiles", enrolment.ResolverFiles);
        WriteTexts(json, "searchDomainFiles", enrolment.SearchDomainFiles);
        Write(json, enrolment.Capture);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Attachment attachment)
    {
        json.WriteStartObject("attachment");
        json.WriteString("containerId", attachment.ContainerId);
        json.WriteString("interfaceName", attachment.InterfaceName);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CaptureOptions capture)
    {
        json.WriteStartObject("capture");
        json.WriteStartObject("ports");
        json.WriteNumber("outbound", capture.Ports.Outbound);
        json.WriteNumber("inbound", capture.Ports.Inbound);
        json.WriteNumber("tunnel", capture.Ports.Tunnel);
        json.WriteNumber("dns", capture.Ports.Dns);
        json.WriteEndObject();
        json.WriteBoolean("dns", capture.Dns);
        WritePorts(json, "excludeInboundPorts", capture.ExcludeInboundPorts);
        WriteNetworks(json, "excludeInboundCidrs", capture.ExcludeInboundCidrs);
        WritePorts(json, "excludeOutboundPorts", capture.ExcludeOutboundPorts);
        WriteNetworks(json, "excludeOutboundCidrs", capture.ExcludeOutboundCidrs);
        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WritePorts(Utf8JsonWriter json, string name, IReadOnlyList<int> ports)
    {
        json.WriteStartArray(name);
        for (int i = 0; i < ports.Count; i++) json.WriteNumberValue(ports[i]);
        json.WriteEndArray();
    }

    private static void WriteNetworks(Utf8JsonWriter json, string name, IReadOnlyList<IPNetwork> networks)
    {
        json.WriteStartArray(name);
        for (int i = 0; i < networks.Count; i++) json.WriteStringValue(networks[i].ToString());
        json.WriteEndArray();
    }
}
