namespace Mesh.Resources.Compile;

/// <param name="TrustDomain">Trust domain of every workload's identity.</param>
public sealed record CompileOptions(string TrustDomain)
{
    /// <summary>Policies of this namespace without targets apply to the whole mesh.</summary>
    public string RootNamespace { get; init; } = "mesh-system";

    /// <summary>240.240.0.0/16 of the reserved class E: never routed, so a leak goes nowhere. Only the upper two bytes count.</summary>
    public byte[] VirtualPrefixV4 { get; init; } = [240, 240];

    /// <summary>fd00:240:240::/48, the twin for IPv6. The first six bytes.</summary>
    public byte[] VirtualPrefixV6 { get; init; } = [0xfd, 0x00, 0x02, 0x40, 0x02, 0x40];

    /// <summary>Suffixes of host names: service.namespace.SUFFIX.</summary>
    public IReadOnlyList<string> HostnameSuffixes { get; init; } = ["mesh"];
}
