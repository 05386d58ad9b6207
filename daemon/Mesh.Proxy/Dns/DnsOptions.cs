using Mesh.Io;
using Mesh.Proxy.Outbound;

namespace Mesh.Proxy.Dns;

/// <summary>Settings and limits of the DNS listener of one workload.</summary>
public sealed record DnsOptions
{
    public static readonly IReadOnlyList<IpPort> DefaultListen = [new(Ip.LoopbackV4, 15053), new(Ip.LoopbackV6, 15053)];

    /// <summary>UDP and TCP each. An IPv6 address is skipped where the namespace has no IPv6.</summary>
    public IReadOnlyList<IpPort> Listen { get; init; } = DefaultListen;

    /// <summary>Servers for all other names, best first, after the one that the workload itself asked.</summary>
    public IReadOnlyList<IpPort> Resolvers { get; init; } = [];

    /// <summary>Lower case. Names below are the mesh's alone: unknown ones do not exist and are never asked of others.</summary>
    public IReadOnlyList<string> MeshDomains { get; init; } = ["mesh"];

    /// <summary>Lower case. Domains that the workload's resolver appends to names.</summary>
    public IReadOnlyList<string> SearchDomains { get; init; } = [];

    /// <summary>Names of addresses in there are the mesh's alone, too.</summary>
    public VirtualRanges VirtualRanges { get; init; } = VirtualRanges.Default;

    /// <summary>SO_MARK of forwarded questions, which the workload's redirection lets pass.</summary>
    public int Mark { get; init; } = 0x539;

    /// <summary>How long a known name may be remembered. Virtual addresses hardly ever change; a removed service is gone after this.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an unknown name may be remembered: short, since services appear while clients already ask.</summary>
    public TimeSpan NegativeTimeToLive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Per server asked. The C library itself gives up after 5 s and asks again.</summary>
    public TimeSpan ServerTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a server that did not answer is asked after all others.</summary>
    public TimeSpan ServerPenalty { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Forwarded questions under way; beyond it the answer is SERVFAIL at once. About 200 bytes each.</summary>
    public int MaxPending { get; init; } = 512;

    /// <summary>TCP clients at once; beyond it they are closed.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>Questions of one TCP client under way; beyond it no more are read until one is answered.</summary>
    public int MaxPipelined { get; init; } = 8;

    /// <summary>A TCP client that says nothing, or takes nothing, is closed (RFC 7766 section 6.2.3 asks for seconds).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Remembered answers of the resolvers.</summary>
    public int MaxCachedAnswers { get; init; } = 1000;

    /// <summary>What remembered answers take, their keys and entries included.</summary>
    public int MaxCachedBytes { get; init; } = 256 << 10;

    /// <summary>However long the resolver allows: an address that moved is found again after this.</summary>
    public TimeSpan MaxCachedTime { get; init; } = TimeSpan.FromHours(1);
}
