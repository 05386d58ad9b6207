namespace Mesh.Resources.Specs;

internal sealed class WorkloadSpec
{
    public List<string> Addresses { get; set; } = [];

    public string? Node { get; set; }

    public string ServiceAccount { get; set; } = "default";

    public Dictionary<string, int> Ports { get; set; } = [];

    public LocalitySpec? Locality { get; set; }

    public uint Weight { get; set; }

    public string Tunnel { get; set; } = "HBONE";

    public uint TunnelPort { get; set; }
}

internal sealed class LocalitySpec
{
    public string? Region { get; set; }

    public string? Zone { get; set; }

    public string? Subzone { get; set; }
}

internal sealed class NodeSpec
{
    public List<string> Addresses { get; set; } = [];

    public LocalitySpec? Locality { get; set; }
}
