namespace Mesh.Controller.Distribution;

/// <summary>What one node's discovery stream may ask for and what it is sent at once.</summary>
internal sealed record DiscoveryLimits
{
    /// <summary>A response is closed when it has this many bytes; the rest follows at the acknowledgement. A quarter of what gRPC
    /// clients accept by default: larger means fewer round trips at a node's start, and more memory held for a slow node.</summary>
    public int ResponseBytes { get; init; } = 1024 * 1024;

    /// <summary>There are eight types; room for newer nodes that ask for types this controller does not know.</summary>
    public int Types { get; init; } = 64;

    /// <summary>Names that a stream subscribes to by name, over all types.</summary>
    public int Names { get; init; } = 100_000;

    /// <summary>Reasons and names in a rejection are cut to this many characters before they are kept and shown.</summary>
    public int ReasonLength { get; init; } = 500;

    /// <summary>Rejections kept for one node.</summary>
    public int Rejections { get; init; } = 1000;
}
