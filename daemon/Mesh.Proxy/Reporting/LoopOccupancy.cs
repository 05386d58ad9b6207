namespace Mesh.Proxy.Reporting;

/// <summary>Which listener a connection came through.</summary>
public enum ListenerKind
{
    Outbound,
    Inbound,
    Tunnel,
    Gateway,
}

/// <summary>For whom an upstream connection is kept.</summary>
public enum KeptKind
{
    /// <summary>Idle connections to applications.</summary>
    Http1,

    /// <summary>Connections to applications, idle or shared by many.</summary>
    Http2,

    /// <summary>HBONE connections to other nodes, idle or shared by many.</summary>
    Hbone,

    /// <summary>Idle direct tunnels to other nodes.</summary>
    Direct,
}

/// <summary>What one loop's share of the proxy holds now. Written on the loop only; read from any thread, a little old at worst.</summary>
public sealed class LoopOccupancy
{
    private readonly int[] downstream = new int[Enum.GetValues<ListenerKind>().Length];
    private readonly int[] kept = new int[Enum.GetValues<KeptKind>().Length];

    /// <summary>Accepted connections that are being served, through whatever listener.</summary>
    public int Accepted => downstream.Sum();

    public int Downstream(ListenerKind kind) => downstream[(int)kind];

    public int Kept(KeptKind kind) => kept[(int)kind];

    internal void Add(ListenerKind kind, int change) => downstream[(int)kind] += change;

    internal void Add(KeptKind kind, int change) => kept[(int)kind] += change;
}
