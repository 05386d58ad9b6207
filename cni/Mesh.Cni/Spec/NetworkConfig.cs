using System.Text.Json;
using Mesh.Netfilter;

namespace Mesh.Cni.Spec;

/// <summary>The plugin's object of a network configuration list, as the runtime gives it on standard input.</summary>
internal sealed record NetworkConfig
{
    internal required string CniVersion { get; init; }
    internal required string Name { get; init; }
    internal string NodeSocket { get; init; } = "/run/mesh/node.sock";

    /// <summary>For reaching the daemon, its work and its answer together.</summary>
    internal TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    internal LogLevel LogLevel { get; init; } = LogLevel.Info;
    internal CaptureOptions Capture { get; init; } = CaptureOptions.Default;

    /// <summary>What the plugin before this one in the chain returned.</summary>
    internal JsonElement? PreviousResult { get; init; }

    /// <summary>args.cni: the same names as CNI_ARGS.</summary>
    internal JsonElement? Arguments { get; init; }

    /// <summary>dns.nameservers of the configuration itself.</summary>
    internal IReadOnlyList<string> Nameservers { get; init; } = [];

    /// <summary>dns.search of the configuration itself.</summary>
    internal IReadOnlyList<string> SearchDomains { get; init; } = [];

    /// <summary>cni.dev/valid-attachments, for GC; null when absent.</summary>
    internal IReadOnlyList<(string ContainerId, string InterfaceName)>? ValidAttachments { get; init; }
}

internal enum LogLevel
{
    Error,
    Warn,
    Info,
    Debug,
}
