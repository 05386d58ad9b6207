using System.Net;
using Mesh.Resources.Compile;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Config;

internal enum LogFormat
{
    Text,
    Json,
    Journal,
}

/// <summary>controller.yaml, checked. The file's fields and their documentation are in <see cref="ControllerConfigSchema"/>.</summary>
internal sealed record ControllerConfig
{
    public required IPEndPoint Listen { get; init; }

    public required IPEndPoint Nodes { get; init; }

    public required IPEndPoint Metrics { get; init; }

    /// <summary>Data directory.</summary>
    public required string Data { get; init; }

    public required string TrustDomain { get; init; }

    /// <summary>Names and addresses for server certificates beyond those of the machine.</summary>
    public required IReadOnlyList<string> Advertise { get; init; }

    /// <summary>First two bytes of the /16 for virtual addresses.</summary>
    public required byte[] VirtualPrefix { get; init; }

    /// <summary>First six bytes of the /48 for their twins.</summary>
    public required byte[] VirtualPrefixV6 { get; init; }

    public CompileOptions CompileOptions => new(TrustDomain) { VirtualPrefixV4 = VirtualPrefix, VirtualPrefixV6 = VirtualPrefixV6 };

    /// <summary>Files and folders of resources.</summary>
    public required IReadOnlyList<string> Resources { get; init; }

    public string? AuthorityCertificateFile { get; init; }

    public string? AuthorityKeyFile { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required LogFormat LogFormat { get; init; }
}
