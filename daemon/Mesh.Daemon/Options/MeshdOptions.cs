using Mesh.Daemon.Logging;
using Mesh.Io;
using Mesh.Proxy.Outbound;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Options;

/// <summary>What meshd was told, checked and with defaults filled in. Declared for users in <see cref="OptionTable"/>.</summary>
public sealed record MeshdOptions
{
    public required string Node { get; init; }

    /// <summary>Null: standalone.</summary>
    public Uri? Controller { get; init; }
    public string? CaFile { get; init; }
    public string? JoinTokenFile { get; init; }

    /// <summary>Absolute paths of files and folders.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Number of worker loops, at least 1.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
    public IpPort Admin { get; init; } = new(Ip.LoopbackV4, 15000);
    public IpPort Metrics { get; init; } = new(Ip.AnyV6, 15020);
    public IpPort Readiness { get; init; } = new(Ip.AnyV6, 15021);
    public string StateDirectory { get; init; } = "/var/lib/mesh";
    public string NodeSocket { get; init; } = "/run/mesh/node.sock";

    /// <summary>A /16 of IPv4 and a /48 of IPv6, as the controller has them.</summary>
    public VirtualRanges VirtualRanges { get; init; } = VirtualRanges.Default;

    /// <summary>How long connections have to end when the daemon is asked to.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public LogLevel LogLevel { get; init; } = LogLevel.Info;
    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    internal static MeshdOptions Default { get; } = new() { Node = Environment.MachineName.ToLowerInvariant() };
}
