using System.Text.Json.Nodes;

namespace Mesh.Resources.Specs;

internal sealed class ServiceSpec
{
    public Dictionary<string, string>? Selector { get; set; }

    public List<ServicePortSpec> Ports { get; set; } = [];

    public string? ClusterIP { get; set; }

    public List<string> ClusterIPs { get; set; } = [];

    public bool Headless => ClusterIP == "None";
}

internal sealed class ServicePortSpec
{
    public string? Name { get; set; }

    public int Port { get; set; }

    /// <summary>Number or text.</summary>
    public JsonNode? TargetPort { get; set; }

    public string? AppProtocol { get; set; }
}
